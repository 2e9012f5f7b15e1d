//! A region (a province-level division with its id, names and code), and the table of regions. `decide::regions`
//! finds the regions that a text names.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The id of a region: a slug such as `henan`, also its path in the published URLs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegionId(Arc<str>);

impl RegionId {
    /// Takes an id that is known to be well-formed (`source::is_slug`).
    pub fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Region {
    pub id: RegionId,
    /// The short name people use: `河南`.
    pub name: String,
    /// The full name: `河南省`.
    pub full_name: String,
    /// The GB/T 2260 code (`410000`); 兵团 and regions of other countries have none.
    pub code: Option<u32>,
    /// Further names that mean this region in a title; for regions of the config these and the two
    /// names are all the classifier knows of.
    pub aliases: Vec<String>,
    /// The region this one lies in, for display; entries do not propagate to it.
    pub parent: Option<RegionId>,
}

/// Every region of an instance, in display order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionTable {
    regions: Vec<Region>,
}

impl RegionTable {
    /// The 34 provinces and 兵团, in the order of the model site's province row, then 天津 西藏 台湾 澳门.
    pub fn builtin() -> Self {
        let regions = BUILTIN
            .iter()
            .map(|&(id, name, full_name, code)| Region {
                id: RegionId::new(id),
                name: name.to_owned(),
                full_name: full_name.to_owned(),
                code,
                aliases: Vec::new(),
                parent: (id == "bingtuan").then(|| RegionId::new("xinjiang")),
            })
            .collect();
        Self { regions }
    }

    /// Replaces the region of the same id in place, or adds it at the end.
    pub fn set(&mut self, region: Region) {
        match self.regions.iter_mut().find(|r| r.id == region.id) {
            Some(slot) => *slot = region,
            None => self.regions.push(region),
        }
    }

    pub fn get(&self, id: &str) -> Option<&Region> {
        self.regions.iter().find(|r| r.id.as_str() == id)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Region> {
        self.regions.iter()
    }

    pub fn len(&self) -> usize {
        self.regions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.regions.is_empty()
    }
}

type Row = (&'static str, &'static str, &'static str, Option<u32>);

const BUILTIN: [Row; 35] = [
    ("anhui", "安徽", "安徽省", Some(340_000)),
    ("beijing", "北京", "北京市", Some(110_000)),
    ("chongqing", "重庆", "重庆市", Some(500_000)),
    ("fujian", "福建", "福建省", Some(350_000)),
    ("gansu", "甘肃", "甘肃省", Some(620_000)),
    ("guizhou", "贵州", "贵州省", Some(520_000)),
    ("guangdong", "广东", "广东省", Some(440_000)),
    ("guangxi", "广西", "广西壮族自治区", Some(450_000)),
    ("hainan", "海南", "海南省", Some(460_000)),
    ("hebei", "河北", "河北省", Some(130_000)),
    ("henan", "河南", "河南省", Some(410_000)),
    ("hubei", "湖北", "湖北省", Some(420_000)),
    ("hunan", "湖南", "湖南省", Some(430_000)),
    ("heilongjiang", "黑龙江", "黑龙江省", Some(230_000)),
    ("jiangsu", "江苏", "江苏省", Some(320_000)),
    ("jiangxi", "江西", "江西省", Some(360_000)),
    ("jilin", "吉林", "吉林省", Some(220_000)),
    ("liaoning", "辽宁", "辽宁省", Some(210_000)),
    ("neimenggu", "内蒙古", "内蒙古自治区", Some(150_000)),
    ("ningxia", "宁夏", "宁夏回族自治区", Some(640_000)),
    ("qinghai", "青海", "青海省", Some(630_000)),
    ("shandong", "山东", "山东省", Some(370_000)),
    ("shanxi", "山西", "山西省", Some(140_000)),
    ("shaanxi", "陕西", "陕西省", Some(610_000)),
    ("shanghai", "上海", "上海市", Some(310_000)),
    ("sichuan", "四川", "四川省", Some(510_000)),
    ("xianggang", "香港", "香港特别行政区", Some(810_000)),
    ("xinjiang", "新疆", "新疆维吾尔自治区", Some(650_000)),
    ("bingtuan", "兵团", "新疆生产建设兵团", None),
    ("yunnan", "云南", "云南省", Some(530_000)),
    ("zhejiang", "浙江", "浙江省", Some(330_000)),
    ("tianjin", "天津", "天津市", Some(120_000)),
    ("xizang", "西藏", "西藏自治区", Some(540_000)),
    ("taiwan", "台湾", "台湾省", Some(710_000)),
    ("aomen", "澳门", "澳门特别行政区", Some(820_000)),
];
