//! The message for an incoming webhook of Slack: blocks, and a text for notifications and screen readers. Texts of others are
//! escaped, so that they mention no person and are no links.

use serde_json::{Value, json};

use super::{NotificationKind, ReleaseNotice, TargetNotice};

/// The longest header, section and list that are sent. Slack takes 150 and 3000 characters, and refuses messages from about
/// 13000 in all (reference of the Block Kit; slackapi/bolt-js issue 2509).
const MAX_HEADER: usize = 140;
const MAX_TEXT: usize = 2000;
const MAX_TARGETS: usize = 20;
const MAX_TARGET: usize = 200;

/// Returns the body of the message.
pub fn payload(kind: NotificationKind, notice: &ReleaseNotice) -> Value {
    let headline = notice.headline(kind);
    let header = shortened(&headline, MAX_HEADER);
    let mut blocks = vec![json!({ "type": "header", "text": { "type": "plain_text", "text": header } })];
    blocks.extend(targets(notice).map(section));
    blocks.extend(notice.reason.as_ref().map(|reason| section(escaped(&shortened(reason, MAX_TEXT)))));
    blocks.extend(context(notice));
    json!({ "text": escaped(&shortened(&headline, MAX_HEADER)), "blocks": blocks })
}

fn section(text: String) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

/// Returns the lines about the targets.
fn targets(notice: &ReleaseNotice) -> Option<String> {
    let mut lines: Vec<String> = notice.targets.iter().take(MAX_TARGETS).map(target).collect();
    let rest = notice.targets.len().saturating_sub(MAX_TARGETS);
    if rest > 0 {
        lines.push(format!("and {rest} more"));
    }
    // Each line is short, so that no escape is cut in two.
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn target(target: &TargetNotice) -> String {
    let outcome = target.outcome.as_ref().map(|outcome| format!(": {}", outcome.replace('_', " ")));
    let detail = target.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let line = format!("{} {}{}{detail}", target.kind, target.name, outcome.unwrap_or_default());
    escaped(&shortened(&line, MAX_TARGET / 2))
}

/// Returns the line about who and where.
fn context(notice: &ReleaseNotice) -> Option<Value> {
    let place = [&notice.account, &notice.region].into_iter().flatten().cloned();
    let who = notice.who.as_ref().map(|who| format!("by {who}"));
    let release = notice.release.as_ref().map(|release| format!("release {release}"));
    let words: Vec<String> =
        place.chain(who).chain(release).map(|text| escaped(&shortened(&text, MAX_TARGET))).collect();
    let link = notice.run_url.as_deref().and_then(link);
    let all: Vec<String> = words.into_iter().chain(link).collect();
    (!all.is_empty())
        .then(|| json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": all.join(" · ") }] }))
}

/// Returns a link to the CI job; `None` for what is no address or would end the link early.
fn link(address: &str) -> Option<String> {
    let is_plain = address.starts_with("https://") && !address.contains(['|', '<', '>', ' ', '\n']);
    (is_plain && address.len() <= MAX_TEXT).then(|| format!("<{}|CI job>", escaped(address)))
}

/// Returns a text in which nothing is a link or names anyone (Slack's reference, "Escaping text"), on one line.
fn escaped(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_name_nobody() {
        let notice = ReleaseNotice {
            app: Some("shop".to_owned()),
            tag: Some("<!channel>".to_owned()),
            reason: Some("<@U123> & <https://evil|x>".to_owned()),
            who: Some("<!here>".to_owned()),
            run_url: Some("https://ci/1|<!channel>".to_owned()),
            targets: vec![TargetNotice {
                kind: "service".to_owned(),
                name: "web".to_owned(),
                outcome: Some("failed".to_owned()),
                detail: Some("<!everyone>\nsecond".to_owned()),
            }],
            ..ReleaseNotice::default()
        };
        let payload = payload(NotificationKind::Failed, &notice);
        let texts: Vec<&str> = payload["blocks"].as_array().expect("blocks")[1..]
            .iter()
            .map(|block| {
                block["text"]["text"].as_str().or(block["elements"][0]["text"].as_str()).expect("a text")
            })
            .chain(payload["text"].as_str())
            .collect();
        assert!(texts.iter().all(|text| !text.contains(['<', '>'])), "{texts:?}");
        assert!(texts.contains(&"&lt;@U123&gt; &amp; &lt;https://evil|x&gt;"), "{texts:?}");
    }

    #[test]
    fn a_large_release_fits_into_a_message() {
        let target = TargetNotice {
            kind: "service".to_owned(),
            name: "s".repeat(255),
            outcome: Some("succeeded".to_owned()),
            detail: Some("&".repeat(5000)),
        };
        let reason = Some("&".repeat(1500));
        let notice = ReleaseNotice { targets: vec![target; 500], reason, ..ReleaseNotice::default() };
        let payload = payload(NotificationKind::Succeeded, &notice);
        assert!(payload.to_string().len() < 13_000, "{}", payload.to_string().len());
        assert!(payload["blocks"][1]["text"]["text"].as_str().expect("a text").ends_with("and 480 more"));
        assert!(payload["blocks"][1]["text"]["text"].as_str().expect("a text").len() <= 3000);
    }
}
