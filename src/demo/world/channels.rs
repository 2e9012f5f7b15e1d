//! The papers of the demo: the subject, dialect, rhythm and conduct of each.

use super::texts::{GUANGDONG, HEBEI, HENAN, HUBEI, HUNAN, Province, SHAANXI, SICHUAN, XINJIANG, ZHEJIANG};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// RSS 2.0 in UTF-8, texts as HTML in CDATA.
    Rss,
    /// RSS 2.0 in GBK, dates without a zone.
    RssGbk,
    /// RSS 2.0 without guids, dates in `CST`.
    RssBare,
    /// RSS 2.0 whose texts start with a dateline.
    RssNational,
    /// Atom 1.0, with corrections.
    Atom,
    /// RSS 1.0.
    Rdf,
    /// JSON Feed 1.1.
    Json,
    /// No feed at all: a page in GB2312 that lists reports, each with a page of its own.
    Page,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conduct {
    Serving,
    /// It answers 500, always.
    Failing,
    /// It answers every fourth step with 429 and Retry-After.
    Throttling,
}

/// The validators that a paper sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hands {
    Both,
    EtagOnly,
    DateOnly,
    Neither,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) outlet: &'static str,
    pub(super) host: &'static str,
    pub(super) path: &'static str,
    /// The id of its region; `None` for the paper that reports from everywhere.
    pub(super) region: Option<&'static str>,
    /// The province it reports from, if it has a region.
    pub(super) province: Province,
    pub(super) dialect: Dialect,
    pub(super) hands: Hands,
    pub(super) conduct: Conduct,
    /// It reports something whenever `(step + phase)` is a multiple of this.
    pub(super) period: i64,
    pub(super) phase: i64,
}

impl Channel {
    /// Its home page. Made up, so that the feed's bytes do not depend on where the demo listens.
    pub(super) fn home(&self) -> String {
        format!("http://{}/", self.host)
    }

    pub(super) fn is_national(&self) -> bool {
        self.region.is_none()
    }
}

/// The settings that most papers share.
const PAPER: Channel = Channel {
    id: "",
    title: "",
    outlet: "",
    host: "",
    path: "",
    region: None,
    province: HENAN,
    dialect: Dialect::Rss,
    hands: Hands::Both,
    conduct: Conduct::Serving,
    period: 3,
    phase: 0,
};

/// All papers. Periods and phases are chosen so that no step changes all feeds, nor leaves all as they are.
pub(super) const CHANNELS: [Channel; 10] = [
    Channel {
        id: "demo-national",
        title: "邸报演示·全国要闻",
        outlet: "演示电讯社",
        host: "www.demo.example",
        path: "/national/rss.xml",
        dialect: Dialect::RssNational,
        period: 2,
        ..PAPER
    },
    Channel {
        id: "demo-henan",
        title: "中原演示报",
        outlet: "中原演示报",
        host: "henan.demo.example",
        path: "/henan/rss.xml",
        region: Some("henan"),
        province: HENAN,
        dialect: Dialect::RssGbk,
        period: 2,
        phase: 1,
        ..PAPER
    },
    Channel {
        id: "demo-guangdong",
        title: "岭南演示网",
        outlet: "岭南演示网",
        host: "guangdong.demo.example",
        path: "/guangdong/rss.xml",
        region: Some("guangdong"),
        province: GUANGDONG,
        hands: Hands::EtagOnly,
        ..PAPER
    },
    Channel {
        id: "demo-sichuan",
        title: "巴蜀演示晚报",
        outlet: "巴蜀演示晚报",
        host: "sichuan.demo.example",
        path: "/sichuan/atom.xml",
        region: Some("sichuan"),
        province: SICHUAN,
        dialect: Dialect::Atom,
        phase: 1,
        ..PAPER
    },
    Channel {
        id: "demo-zhejiang",
        title: "钱塘演示新闻",
        outlet: "钱塘演示新闻",
        host: "zhejiang.demo.example",
        path: "/zhejiang/index.rdf",
        region: Some("zhejiang"),
        province: ZHEJIANG,
        dialect: Dialect::Rdf,
        hands: Hands::DateOnly,
        period: 4,
        ..PAPER
    },
    Channel {
        id: "demo-xinjiang",
        title: "天山演示在线",
        outlet: "天山演示在线",
        host: "xinjiang.demo.example",
        path: "/xinjiang/feed.json",
        region: Some("xinjiang"),
        province: XINJIANG,
        dialect: Dialect::Json,
        hands: Hands::Neither,
        period: 5,
        ..PAPER
    },
    Channel {
        id: "demo-shaanxi",
        title: "三秦演示报",
        outlet: "三秦演示报",
        host: "shaanxi.demo.example",
        path: "/shaanxi/rss.xml",
        region: Some("shaanxi"),
        province: SHAANXI,
        dialect: Dialect::RssBare,
        period: 4,
        phase: 2,
        ..PAPER
    },
    Channel {
        id: "demo-hubei",
        title: "荆楚演示网",
        outlet: "荆楚演示网",
        host: "hubei.demo.example",
        path: "/hubei/rss.xml",
        region: Some("hubei"),
        province: HUBEI,
        conduct: Conduct::Throttling,
        period: 5,
        phase: 2,
        ..PAPER
    },
    Channel {
        id: "demo-hebei",
        title: "燕赵演示网",
        outlet: "燕赵演示网",
        host: "hebei.demo.example",
        path: "/hebei/yw/index.html",
        region: Some("hebei"),
        province: HEBEI,
        dialect: Dialect::Page,
        hands: Hands::DateOnly,
        period: 3,
        phase: 1,
        ..PAPER
    },
    Channel {
        id: "demo-hunan",
        title: "湖湘演示网",
        outlet: "湖湘演示网",
        host: "hunan.demo.example",
        path: "/hunan/rss.xml",
        region: Some("hunan"),
        province: HUNAN,
        conduct: Conduct::Failing,
        ..PAPER
    },
];
