//! Sources of subscriptions.

use super::*;

fn feed(url: &str, folders: &[&str]) -> Subscription {
    let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
    Subscription { url: url.to_owned(), folders, ..Subscription::default() }
}

fn made(feeds: &[Subscription], taken: &mut Taken) -> (Vec<Draft>, Vec<String>) {
    drafts(feeds, &RegionTable::builtin(), taken)
}

#[test]
fn folders_name_regions_by_id_and_by_every_name() {
    let cases: [(&[&str], &[&str]); 7] = [
        (&["henan"], &["henan"]),
        (&["Henan"], &["henan"]),
        (&["河南"], &["henan"]),
        (&["河南省", "Papers"], &["henan"]),
        (&["广东", "henan"], &["guangdong", "henan"]),
        (&["Papers", "my henan feeds"], &[]),
        (&[], &[]),
    ];
    for (folders, expected) in cases {
        let (drafts, left_out) = made(&[feed("https://paper.example/feed", folders)], &mut Taken::default());
        assert_eq!(
            (drafts[0].regions.as_slice(), left_out.len()),
            (expected.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>().as_slice(), 0),
            "{folders:?}"
        );
    }
}

#[test]
fn the_host_tells_the_region_where_no_folder_does() {
    let (drafts, _) = made(&[feed("http://www.ha.chinanews.com.cn/rss.xml", &[])], &mut Taken::default());
    assert_eq!(drafts[0].regions, ["henan"]);
}

#[test]
fn a_feed_in_two_folders_is_one_source_of_both_regions() {
    let feeds =
        [feed("https://paper.example/feed", &["henan"]), feed("http://www.paper.example/feed", &["湖北"])];
    let (drafts, left_out) = made(&feeds, &mut Taken::default());
    assert_eq!((drafts.len(), left_out.len()), (1, 0));
    assert!(drafts[0].table().contains("region = [\"henan\", \"hubei\"]"), "{}", drafts[0].table());
}

#[test]
fn a_suggested_table_gets_the_names_of_the_list_and_keeps_its_own_paths() {
    let mut listed = feed("https://paper.example/api", &["henan"]);
    listed.title = Some("纸".to_owned());
    let (drafts, _) = made(&[listed], &mut Taken::default());
    let suggested = "[[source]]\nid = \"x\"\ntitle = \"X\"\nurl = \"https://moved.example/api\"\nkind = \"json\"\n\
        region = \"auto\"\n[source.json]\nentries = \"data\"\ntitle = \"name\"\nid = \"no\"\n";
    let expected = "[[source]]\nid = \"paper-example-api\"\ntitle = \"纸\"\nurl = \"https://paper.example/api\"\nkind = \"json\"\n\
        region = \"henan\"\n[source.json]\nentries = \"data\"\ntitle = \"name\"\nid = \"no\"\n";
    assert_eq!(drafts[0].merged(suggested), expected);
}

#[test]
fn what_is_left_out_is_shown_on_one_line_without_passwords() {
    let cases = [
        ("feed://me:secret@paper.example/x", "feed://paper.example/x: "),
        ("ftp://me:secret@paper.example/", "ftp://paper.example/: "),
        ("https://me:secret@pa per.example/", "https://pa per.example/: "),
        ("mailto:a@b.example\u{1b}[2J", "mailto:a@b.example"),
    ];
    for (url, shown) in cases {
        let (drafts, left_out) = made(&[feed(url, &[])], &mut Taken::default());
        let shows = left_out.iter().chain(drafts.iter().flat_map(|draft| &draft.notes)).next();
        let shows = shows.expect("it is no address of a feed");
        assert!(!shows.contains("secret") && !shows.contains('\u{1b}'), "{shows}");
        assert!(shows.starts_with(shown) || !drafts.is_empty(), "{shows}");
    }
}

#[test]
fn ids_and_addresses_that_are_taken_stay_so() {
    let mut taken = Taken::default();
    taken.id("paper");
    taken.address("https://other.example/feed");
    let feeds = [
        feed("https://paper.example/feed", &[]),
        feed("https://paper.example/second/feed", &[]),
        feed("https://other.example/feed", &[]),
        feed("mailto:a@b.example", &[]),
        feed("no address", &[]),
    ];
    let (drafts, left_out) = made(&feeds, &mut taken);
    let ids: Vec<&str> = drafts.iter().map(|draft| draft.id.as_str()).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids[0] != ids[1] && !ids.contains(&"paper"), "{ids:?}");
    assert_eq!(left_out.len(), 3, "{left_out:?}");
}

#[test]
fn no_text_of_the_list_leaves_its_line() {
    let mut hostile = feed("https://paper.example/feed?a=\"\nenabled = false", &[]);
    hostile.title = Some("\"]\n[server]\nlisten = \"0.0.0.0:80\" \u{0}\u{2028}".to_owned());
    let (drafts, _) = made(&[hostile], &mut Taken::default());
    let table = drafts[0].table();
    let keys: Vec<&str> = table.lines().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(keys, ["[[source]]", "id", "title", "url", "region"], "{table}");
    assert_eq!(comment("a\nb\r# c"), "# a b # c\n");
}
