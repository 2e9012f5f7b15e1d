//! Reports made from few sentence templates: most pairs share most of their words, so that nearly every
//! entry looks like a candidate for the same story. One report in five is a wire report, word for word but
//! for a number in its headline, in eight feeds of a region.

use super::{REGIONS, Report};
use crate::draw::Draw;

const TOPICS: &str = "秋收 水利 公路 旅游 外贸 技能培训 义务教育 医疗 养老服务 治污 风电 航运 物流 展会 民俗 商圈 实验室 数据中心 农村 街区 \
     防火 轻轨 航班 大学 展馆 龙舟 庙会 茶业 种业 果园";
const EVENTS: &str =
    "开工 收官 提速 扩围 破题 见效 试点 验收 招标 揭牌 通车 投产 评审 挂牌 动员 巡查 公示 回暖 攻坚 提质";
const ENDS: &str = "居民拍手称好 三级联动推进 年底有望建成 本报记者实地探访 学者谈意义 同比明显增长 各方协力保障 已见初步成果 \
     跑出新速度 交出新答卷";
const KINDS: [&str; 5] = ["", "工程", "行动", "方案", "系列活动"];
const SENTENCES: [&str; 7] = [
    "{region}有关部门负责人表示，今年{topic}领域将坚持问题导向、系统治理",
    "在{topic}一线，{region}干部群众正抓紧{event}各项任务",
    "按照计划，{region}还将围绕{topic}出台配套措施，{end}",
    "专家认为，{topic}{event}有利于带动周边产业，促进就业增收",
    "数据显示，该项目总投资{money}万元，服务居民{people}人次",
    "与此同时，{region}把{topic}列入年度重点，{end}",
    "记者了解到，{topic}{event}之后，办事时间平均缩短{percent}%",
];

/// So many feeds of a region carry the same wire reports.
const SHARED: usize = 8;

/// The reports of each feed, newest first.
pub(super) fn reports(feeds: usize, items: usize) -> Vec<Vec<Report>> {
    (0..feeds).map(|feed| (0..items).map(|n| report(feed, n)).collect()).collect()
}

fn report(feed: usize, n: usize) -> Report {
    let (_, region) = REGIONS[feed % REGIONS.len()];
    let own = format!("template {feed} {n}");
    let seed = match n.is_multiple_of(5) {
        true => format!("template wire {region} {n} {}", feed / REGIONS.len() / SHARED),
        false => own.clone(),
    };
    let mut draw = Draw::new(&seed);
    let (topic, event, end) = (draw.word(TOPICS), draw.word(EVENTS), draw.word(ENDS));
    let (money, people) = (draw.number(10, 99_999), draw.number(100, 999_999));
    let percent = draw.number(3, 60);
    let kind = draw.pick(&KINDS);
    let mark = Draw::new(&own).number(0, 10_000);
    let mut text = |from, to| {
        let count = draw.number(from, to);
        let mut text = String::new();
        for _ in 0..count {
            let sentence = draw.pick(&SENTENCES).replace("{region}", region).replace("{topic}", topic);
            let sentence = sentence.replace("{event}", event).replace("{end}", end);
            let sentence =
                sentence.replace("{money}", &money.to_string()).replace("{people}", &people.to_string());
            text.push_str(&sentence.replace("{percent}", &percent.to_string()));
            text.push('。');
        }
        text
    };
    Report {
        title: format!("{region}{topic}{kind}{event}：{end}（{mark}）"),
        summary: text(2, 6),
        content: if Draw::new(&seed).once_in(4) { vec![text(12, 25)] } else { Vec::new() },
        story: Draw::new(&seed).next(),
    }
}
