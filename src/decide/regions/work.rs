//! Finds the units of a title that are not places: works in 《》, and universities with a branch elsewhere.

use std::ops::Range;

/// How the names of documents end that an office issues for its own region; the names of works do not.
const DOCUMENTS: [&str; 32] = [
    "条例", "规定", "办法", "规划", "方案", "通知", "意见", "法", "细则", "标准", "报告", "纲要", "白皮书",
    "蓝皮书", "年鉴", "志", "规程", "决定", "协议", "计划", "目录", "清单", "导则", "措施", "政策", "预案",
    "公告", "通告", "规则", "指引", "日报", "晚报",
];

/// The bytes of the works that a title names: what stands in 《》, but for documents.
pub(super) fn works(text: &str) -> Vec<Range<usize>> {
    let mut works = Vec::new();
    let mut from = 0;
    while let Some(open) = text[from..].find('《').map(|at| from + at) {
        let Some(close) = text[open..].find('》').map(|at| open + at) else { break };
        let name = text[open..close].trim_end_matches(['）', ')']);
        if !DOCUMENTS.iter().any(|end| name.ends_with(end)) {
            works.push(open..close);
        }
        from = close;
    }
    works
}

const BRANCHES: [&str; 8] = ["校区", "分校", "学院", "校园", "研究院", "研究生院", "医院", "分院"];
/// Characters between a place and its university: 北京|航空航天大学; between the university and the branch's end.
const UNIVERSITY: usize = 7;
const BRANCH: usize = 4;
/// Characters of a partner's name between a university and its branch.
const PARTNER: usize = 6;

/// False if no title of [`is_branch`] can be.
pub(super) fn has_branches(text: &str) -> bool {
    text.contains("大学") || text.contains("院") || text.contains('校') || text.contains(['（', '('])
}

/// True if `after` goes on as a university's name with a branch whose place `named` finds: 师范大学珠海校区,
/// 大学（威海）.
pub(super) fn is_branch(after: &str, named: impl Fn(usize) -> bool) -> bool {
    let head = after.char_indices().nth(UNIVERSITY).map_or(after, |(at, _)| &after[..at]);
    let own = if after.starts_with(['（', '(']) {
        Some(0)
    } else {
        head.find("大学").map(|at| at + "大学".len())
    };
    let direct = || BRANCHES.iter().any(|branch| branch_at(after, 0, branch)).then_some(0);
    let Some(end) = own.or_else(direct) else { return false };
    if head[..end.min(head.len())].contains(|c: char| !c.is_alphanumeric()) {
        return false;
    }
    if let Some(inner) = after[end..].strip_prefix(['（', '(']) {
        return named(after.len() - inner.len());
    }
    // 大学珠海校区, and 大学某某深圳学院.
    let mut starts =
        after[end..].char_indices().take(if own.is_some() { PARTNER + 1 } else { 1 }).map(|(at, _)| end + at);
    starts.any(|at| named(at) && BRANCHES.iter().any(|branch| branch_at(after, at, branch)))
}

fn branch_at(after: &str, from: usize, branch: &str) -> bool {
    let rest = &after[from..];
    rest.char_indices().take(BRANCH + 1).any(|(at, _)| rest[at..].starts_with(branch))
}
