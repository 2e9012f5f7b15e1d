//! The region that the name of a host stands for. A table of hosts on record, not a guess at names in general:
//! the codes look alike and differ from one publisher to the next.

use url::Url;

/// Hosts that all houses have. ha is 河南, hn 湖南, hi 海南; sx is 山西; gz is 贵州.
const COMMON: &str = "ah=anhui bj=beijing cq=chongqing fj=fujian gd=guangdong gs=gansu gx=guangxi gz=guizhou \
    ha=henan hb=hubei hi=hainan hlj=heilongjiang hn=hunan jl=jilin js=jiangsu jx=jiangxi ln=liaoning nx=ningxia \
    qh=qinghai sc=sichuan sd=shandong sh=shanghai sx=shanxi xj=xinjiang yn=yunnan zj=zhejiang";
/// The other hosts of 中国新闻网.
const CHINANEWS: &str = "bt=bingtuan heb=hebei nmg=neimenggu shx=shaanxi";
/// The other hosts of 人民网, which 新华网 and its like have too.
const PEOPLE: &str = "he=hebei henan=henan nm=neimenggu sn=shaanxi tj=tianjin xz=xizang";

/// Houses with a host a region: their domains, the word that ids begin with, the hosts that not all have.
const HOUSES: [(&str, &str, &str); 5] = [
    ("chinanews.com.cn", "chinanews", CHINANEWS),
    ("chinanews.com", "chinanews", CHINANEWS),
    ("people.com.cn", "people", PEOPLE),
    ("news.cn", "xinhua", PEOPLE),
    ("cri.cn", "cri", PEOPLE),
];

/// Top-level domains that are regions, and their clocks.
const DOMAINS: [(&str, &str, &str); 3] =
    [("hk", "xianggang", "Asia/Hong_Kong"), ("mo", "aomen", "Asia/Macau"), ("tw", "taiwan", "Asia/Taipei")];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HostFacts {
    pub(super) region: Option<&'static str>,
    /// The house, as ids of its sources begin.
    pub(super) house: Option<&'static str>,
    pub(super) zone: Option<&'static str>,
}

pub(super) fn of(url: &Url) -> HostFacts {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    for (domain, house, others) in HOUSES {
        let Some(code) = host.strip_suffix(domain) else { continue };
        // `shpeople.com.cn` is someone else's.
        let Some(code) = code.strip_suffix('.').or(code.is_empty().then_some("")) else { continue };
        let mut hosts = [COMMON, others].into_iter().flat_map(str::split_whitespace);
        let region = hosts.find_map(|host| host.strip_prefix(code)?.strip_prefix('='));
        if code.is_empty() || region.is_some() {
            return HostFacts { region, house: Some(house), zone: None };
        }
    }
    let domain = host.rsplit('.').next().unwrap_or_default();
    let found = DOMAINS.iter().find(|(d, ..)| *d == domain);
    found.map_or_else(HostFacts::default, |(_, region, zone)| HostFacts {
        region: Some(region),
        house: None,
        zone: Some(zone),
    })
}
