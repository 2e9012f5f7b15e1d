//! Reports with as much variety as news have: places, people, organisations, things and numbers are put
//! together from building blocks, a few thousand names in all, and sentences from frames that hold them.
//! A tenth of the stories is told by two or three sources of a region, each in its own way.

use std::sync::LazyLock;

use super::{REGIONS, Report};
use crate::draw::Draw;

/// One story in so many is told by further sources.
const TOLD_AGAIN: usize = 10;

/// The reports of each feed, newest first. Every report of a story stands at about the same place of its
/// feed, so that the dates of all are within the days that stories are looked for.
pub(super) fn reports(feeds: usize, items: usize) -> Vec<Vec<Report>> {
    let mut slots: Vec<Vec<Option<Report>>> =
        (0..feeds).map(|_| (0..items).map(|_| None).collect()).collect();
    for (n, feed) in (0..items).flat_map(|n| (0..feeds).map(move |feed| (n, feed))) {
        if slots[feed][n].is_some() {
            continue;
        }
        let seed = format!("variety {feed} {n}");
        let story = Story::new(&seed, REGIONS[feed % REGIONS.len()].1);
        let mut draw = Draw::new(&format!("{seed} told"));
        if draw.once_in(TOLD_AGAIN) {
            // The next feeds of the region that have this place free.
            let others = (feed + REGIONS.len()..feeds).step_by(REGIONS.len());
            let free: Vec<usize> = others.filter(|other| slots[*other][n].is_none()).collect();
            for other in free.into_iter().take(draw.number(1, 3)) {
                slots[other][n] = Some(story.told_again(&mut draw));
            }
        }
        slots[feed][n] = Some(story.told());
    }
    let filled = |feed: Vec<Option<Report>>| feed.into_iter().flatten().collect();
    slots.into_iter().map(filled).collect()
}

/// The first report of a story, or what another paper makes of it.
pub(crate) fn of_story(seed: &str, region: &str, again: Option<&str>) -> Report {
    let story = Story::new(seed, region);
    again.map_or_else(|| story.told(), |other| story.told_again(&mut Draw::new(other)))
}

struct Story {
    number: u64,
    region: String,
    facts: Facts,
    sentences: Vec<String>,
    full: Vec<String>,
    /// The frame of its headline.
    headline: usize,
}

/// What a report and its retelling agree on.
struct Facts {
    place: String,
    person: String,
    body: String,
    thing: String,
    deed: String,
    number: usize,
}

impl Facts {
    fn draw(draw: &mut Draw) -> Self {
        Self {
            place: place(draw),
            person: person(draw),
            body: organisation(draw),
            thing: thing(draw),
            deed: (*draw.pick(&DEEDS)).to_owned(),
            number: draw.number(3, 9_800),
        }
    }

    fn fill(&self, frame: &str, region: &str, draw: &mut Draw) -> String {
        let mut text = String::with_capacity(3 * frame.len());
        let mut rest = frame;
        while let Some((before, after)) = rest.split_once('{') {
            let (slot, tail) = after.split_once('}').expect("every slot is closed");
            text.push_str(before);
            match slot {
                "region" => text.push_str(region),
                "place" => text.push_str(&self.place),
                "person" => text.push_str(&self.person),
                "body" => text.push_str(&self.body),
                "thing" => text.push_str(&self.thing),
                "deed" => text.push_str(&self.deed),
                "n" => text.push_str(&self.number.to_string()),
                "other place" => text.push_str(&place(draw)),
                "other person" => text.push_str(&person(draw)),
                "other body" => text.push_str(&organisation(draw)),
                "other thing" => text.push_str(&thing(draw)),
                "other deed" => text.push_str(draw.pick::<&str>(&DEEDS)),
                "m" => text.push_str(&draw.number(2, 9_900).to_string()),
                "month" => text.push_str(&draw.number(1, 13).to_string()),
                other => unreachable!("no slot {other}"),
            }
            rest = tail;
        }
        text + rest
    }
}

impl Story {
    fn new(seed: &str, region: &str) -> Self {
        let mut draw = Draw::new(seed);
        let facts = Facts::draw(&mut draw);
        let headline = draw.number(0, HEADLINES.len());
        let count = draw.number(3, 7);
        let sentences = sentences(&facts, region, count, &mut draw);
        let full = match draw.once_in(4) {
            true => (0..draw.number(3, 6)).map(|_| sentences_of(&facts, region, 4, &mut draw)).collect(),
            false => Vec::new(),
        };
        Self { number: draw.next(), region: region.to_owned(), facts, sentences, full, headline }
    }

    fn title(&self, frame: usize) -> String {
        // What is not a fact of the story is drawn from the frame, the same for every report.
        let mut draw = Draw::new(&format!("{} {frame}", self.number));
        self.facts.fill(HEADLINES[frame], &self.region, &mut draw)
    }

    fn told(&self) -> Report {
        Report {
            title: self.title(self.headline),
            summary: self.sentences.concat(),
            content: self.full.clone(),
            story: self.number,
        }
    }

    /// The same news in another paper: another headline, a dateline, a cut text, a paragraph more; one or
    /// two of these.
    fn told_again(&self, draw: &mut Draw) -> Report {
        let mut report = self.told();
        let changes = draw.number(1, 3);
        let first = draw.number(0, 4);
        for change in (0..changes).map(|n| (first + n) % 4) {
            match change {
                0 => {
                    report.title =
                        self.title((self.headline + draw.number(1, HEADLINES.len())) % HEADLINES.len());
                }
                1 => {
                    let (day, reporter) = (draw.number(1, 28), person(draw));
                    let line = format!("本报{}{day}日电（记者 {reporter}）", self.facts.place);
                    report.summary = line + &report.summary;
                }
                2 => {
                    let keep = self.sentences.len() - self.sentences.len().div_ceil(4);
                    report.summary = self.sentences[..keep].concat();
                }
                _ => {
                    let more = sentences_of(&self.facts, &self.region, 1, draw);
                    match report.content.is_empty() {
                        true => report.summary.push_str(&more),
                        false => report.content.push(more),
                    }
                }
            }
        }
        report
    }
}

fn sentences_of(facts: &Facts, region: &str, count: usize, draw: &mut Draw) -> String {
    sentences(facts, region, count, draw).concat()
}

/// Sentences of different frames.
fn sentences(facts: &Facts, region: &str, count: usize, draw: &mut Draw) -> Vec<String> {
    let (from, step) = (draw.number(0, FRAMES.len()), draw.number(1, FRAMES.len()) | 1);
    // The count of frames is a power of two and the step odd: no frame comes twice.
    (0..count).map(|n| facts.fill(FRAMES[(from + n * step) % FRAMES.len()], region, draw)).collect()
}

fn place(draw: &mut Draw) -> String {
    let (head, tail) = (draw.pick(&PLACE_HEADS), draw.pick(&PLACE_TAILS));
    format!("{head}{tail}{}", draw.pick(&["县", "区", "镇", "乡", "村", "街道", "新区"]))
}

fn person(draw: &mut Draw) -> String {
    let (family, given) = (draw.pick(&FAMILIES), draw.pick(&GIVEN));
    match draw.once_in(3) {
        true => format!("{family}{given}"),
        false => format!("{family}{given}{}", draw.pick(&GIVEN)),
    }
}

fn organisation(draw: &mut Draw) -> String {
    let (head, tail) = (draw.pick(&NAME_HEADS), draw.pick(&NAME_TAILS));
    format!("{head}{tail}{}{}", draw.pick(&TRADES), draw.pick(&FORMS))
}

fn thing(draw: &mut Draw) -> String {
    format!("{}{}", draw.pick(&MANNERS), draw.pick(&THINGS))
}

/// Split once: a million reports are made of them.
type Words = LazyLock<Vec<&'static str>>;
type Letters = LazyLock<Vec<char>>;

const FORMS: [&str; 10] =
    ["公司", "集团", "合作社", "研究所", "学校", "医院", "协会", "工厂", "商行", "剧团"];
static PLACE_HEADS: Letters = LazyLock::new(|| {
    "青白云龙石松柳竹梅桃杏枫桐桂槐榆柏荷兰菊金银铜铁玉珠沙泉溪潭湖岩岭峰坪坝堰渡桥驿屯寨堡亭台塔窑磨井盐茶稻麦鹿鹤".chars().collect()
});
static PLACE_TAILS: Letters = LazyLock::new(|| {
    "湾沟洼坡塘滩浦埠集铺店墩垛圩圳墟冲坳垭峪塬墚甸淀汀洲渚港汊堤闸祠庙观庵楼阁坊巷园圃畈垄墙营盘旗岗哨垒丘"
        .chars()
        .collect()
});
static FAMILIES: Letters = LazyLock::new(|| {
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳".chars().collect()
});
static GIVEN: Letters = LazyLock::new(|| {
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红梅鑫波斌宇浩凯晨雪琳慧颖婷雨欣怡佳琪博文昊天泽宁安康乐思远".chars().collect()
});
static NAME_HEADS: Letters = LazyLock::new(|| {
    "恒宏鼎瑞祥泰盛隆昌茂兴旺裕丰嘉信诚德仁义礼智远景启新锐捷迅腾翔飞跃创领先优卓越铭辉耀晟昱朗澄"
        .chars()
        .collect()
});
static NAME_TAILS: Letters = LazyLock::new(|| {
    "达通源润泽森林茵禾田谷沃野原力能动量衡准度维格思问学知行健康宁安居家园邦城域界图元真善美和合同"
        .chars()
        .collect()
});
static TRADES: Words = LazyLock::new(|| {
    "机械 生物 纺织 食品 种苗 仪表 光学 陶瓷 木业 造纸 印刷 钢构 电缆 轴承 阀门 水泵 化工 医药 农机 饲料 乳业 \
     渔业 养蜂 蚕桑 制茶 酿造 皮革 制鞋 服装 玩具 家具 灯具 钟表 乐器 软件 测绘 气象 地质 水文 考古".split_whitespace().collect()
});
static MANNERS: Words = LazyLock::new(|| {
    "新型 便民 低温 智能 移动 地下 高空 夜间 露天 可折叠 双层 耐旱 早熟 无人 应急 流动 联合 首批 百年 手工 \
     水上 山地 沿河 跨境 校园 家庭 旧式 临时 环形 微型 大型 免费 限时 循环 共享 数字 仿古 抗寒 防滑 节水"
        .split_whitespace()
        .collect()
});
static THINGS: Words = LazyLock::new(|| {
    "图书馆 养老院 体育馆 停车场 菜市场 候车亭 观景台 电影院 幼儿园 游泳池 污水厂 变电站 充电桩 垃圾站 粮仓 冷库 大棚 鱼塘 \
     果园 牧场 苗圃 桥梁 隧道 码头 渡轮 缆车 电梯 路灯 水管 燃气管 热力网 堤坝 水库 水渠 泵站 雷达 卫星站 气象站 实验田 工坊 博物馆 美术馆 \
     戏台 古井 石碑 壁画 族谱 地图 档案 邮票 硬币 课本 校车 救护车 消防栓 血库 疫苗 药箱 病房 诊所 食堂 宿舍 公寓 廉租房 老宅 祠堂 集市 \
     早市 花市 书市 灯谜会 歌会 诗会 棋赛 划船赛 长跑 骑行 登山节 丰收节 采摘节 美食节 风筝节 电影周 读书月 招聘会 听证会 拍卖会 展销会 \
     培训班 夏令营 志愿队 巡逻队 合唱团 舞狮队 奖学金 补贴 保险 贷款 债券 彩票 税单 水价 电价 票价 月票 年卡 通行证 许可证 合同 标书".split_whitespace().collect()
});
static DEEDS: Words = LazyLock::new(|| {
    "重新开放 通过验收 延期交付 扩大规模 停用检修 正式移交 免费试用 更换主管 公开招募 完成搬迁 提前封顶 接受捐赠 追加预算 \
     缩短工期 调整路线 取消收费 修改章程 公布名单 改用新址 恢复供应 暂停预约 签下订单 打破纪录 获得认证 遭遇大雪 引发排队 迎来候鸟 发现古墓 \
     拆除围挡 铺设轨道 种下树苗 更新设备 招聘教练 评选先进 举行彩排 加装护栏 清理淤泥 提供夜宵 开设分店 追回欠款 调解纠纷 找回失物 救起落水者 \
     扑灭山火 抢修断线 查封假货 退还押金 抽查样品 张榜公示 投票表决 试播新剧 首演大戏".split_whitespace().collect()
});
const HEADLINES: [&str; 24] = [
    "{region}{place}{thing}{deed}",
    "{place}{thing}{deed}，{n}户居民受益",
    "{body}{deed}：{place}的{thing}",
    "{person}：{thing}为什么{deed}",
    "{n}人见证{place}{thing}{deed}",
    "{region}{body}在{place}{deed}",
    "{place}一座{thing}{deed}，历时{n}天",
    "{thing}{deed}，{place}{person}有话说",
    "走进{place}：{thing}{deed}之后",
    "{region}一{thing}{deed}，投入{n}万元",
    "{place}{person}与{thing}的{n}天",
    "{body}出资{n}万元，{place}{thing}{deed}",
    "{thing}{deed}了，{place}人怎么看",
    "{place}：{person}带头，{thing}{deed}",
    "{region}{place}通报：{thing}{deed}",
    "昨夜今晨，{place}{thing}{deed}",
    "{person}当选，{place}{thing}{deed}",
    "从{n}到零：{place}{thing}{deed}",
    "{body}回应{thing}{deed}",
    "{place}{n}亩地上，{thing}{deed}",
    "为了{thing}，{place}{person}奔走{n}里",
    "{region}{thing}{deed}，{body}承建",
    "一封信之后，{place}{thing}{deed}",
    "{place}老{thing}{deed}，{person}回忆往事",
];
const FRAMES: [&str; 64] = [
    "{place}的{thing}{deed}，前后用了{n}天。",
    "{person}是{body}的负责人，他把消息告诉了等在门外的{m}名村民。",
    "{month}月里，{other place}曾有{m}人联名写信，要求保留那座{other thing}。",
    "按{body}提供的账目，这一回一共花去{n}万元，比预想少{m}万元。",
    "六十岁的{other person}一大早就从{other place}赶来，手里提着两篮鸡蛋。",
    "工程师{other person}说，难处在土层，往下{m}米全是流沙。",
    "{other body}原先也想投标，后来因为{other thing}{other deed}而退出。",
    "{region}上一次有这样的事，还是{m}天以前在{other place}。",
    "雨从傍晚下到半夜，{place}的水位涨了{m}厘米。",
    "{person}把钥匙交到{other person}手中，在场的人都鼓起掌来。",
    "邻近的{other place}打算照着办，图纸由{other body}绘制。",
    "对{thing}有意见的人可以在{month}月底以前到{place}登记。",
    "{other person}翻出一张旧照片，上面还看得见当年的{other thing}。",
    "统计下来，{place}共有{n}户、{m}人和这件事有关。",
    "{body}今年已在{other place}、{place}两处做过同样的尝试。",
    "孩子们给{thing}取了名字，写在{m}张彩纸上。",
    "施工队长{other person}记得，最冷那天机器一共停了{m}分钟。",
    "有人担心票价，{person}答复说三年之内不会超过{m}元。",
    "{other body}派出{m}名技工，带着自己的工具住进{place}。",
    "据县志记载，{place}在很久以前就以{other thing}闻名。",
    "那条通往{other place}的小路因此要绕行{m}米。",
    "会上宣读了{other person}的来信，信里只谈{other thing}。",
    "质检单显示，抽取的{m}件样品里有两件不合格，已经退回{other body}。",
    "{person}不肯多谈自己，只说{thing}早就该{deed}。",
    "第二天清晨，{m}辆货车从{other place}开来，一直排到河边。",
    "{place}小学的{other person}老师为此改了教案。",
    "这笔钱一半来自{other body}，另一半是{m}位乡亲凑的。",
    "{region}的几家报纸都派了人，最远的走了{m}公里。",
    "到了{month}月，{other thing}也将{other deed}。",
    "摊主{other person}算过，自从{thing}{deed}，每天多卖{m}碗面。",
    "{body}的仓库里还堆着{m}箱没有拆封的零件。",
    "一位从{other place}嫁过来的妇女说，她等这一天等了{m}个月。",
    "村口的告示写得明白：{thing}每周开放五天，节日除外。",
    "{other person}和{person}是同学，两人为{other thing}争论过多次。",
    "保险由{other body}承担，期限是{m}天。",
    "下游的{other place}抱怨水变浑了，{body}答应再查一遍。",
    "夜里值班的只有{other person}一人，他每隔一刻钟记一次读数。",
    "这种做法在{other place}行不通，那里的{other thing}太旧。",
    "{n}这个数字，后来被刻在{place}入口的石头上。",
    "法院认为{other body}应当赔偿{m}元，双方都没有上诉。",
    "来看热闹的人里有{m}个外地游客，他们原本要去{other place}。",
    "{person}从抽屉里拿出{m}页笔记，全是关于{thing}的。",
    "没有人料到{other deed}会来得这样快，连{other person}也没有准备。",
    "{place}的电话整个上午占线，接线员记下{m}条留言。",
    "材料从{other place}运来，路上颠簸，损坏了{m}块玻璃。",
    "{other body}送来锦旗，上面绣着十六个字。",
    "照合同，{thing}若在{month}月前没有{deed}，每天要扣{m}元。",
    "退休教师{other person}自愿做讲解，从不收钱。",
    "温度降到零下{m}度时，{other thing}一度停止运转。",
    "投票结果是{m}票赞成，{body}随即宣布散会。",
    "{region}的天气预报说晴天还会持续，{place}的人们松了口气。",
    "账本上最后一笔写着：{other thing}，{m}元，经手人{other person}。",
    "{other place}来的木匠用旧梁柱做了{m}条长凳。",
    "从山顶看下去，{thing}像一枚纽扣缝在{place}的衣襟上。",
    "{person}的母亲今年九十岁，她只问了一句：{other thing}还在不在。",
    "{body}把图样挂在墙上，任人批评，一共收到{m}张字条。",
    "旧的{other thing}没有扔，搬去了{other place}的学校。",
    "路灯亮起来的时候，{other person}正在给{m}只羊添草。",
    "一切手续在{month}月内办完，用掉公章{m}次。",
    "这件事最早由{other person}提出，那时{place}还没有通车。",
    "两边的说法相差{m}元，{body}请来{other body}对账。",
    "为腾出地方，{m}棵树移到了{other place}，活了大半。",
    "{other person}唱了一段老戏，唱到{other thing}时忘了词。",
    "至于{other deed}的消息，{person}说他是从广播里听到的。",
];
