#!/bin/sh
# Posts summary.json to a Slack incoming webhook: sh slack.sh report/summary.json [ADDRESS OF THE REPORT]
# SLACK_WEBHOOK is the webhook's address, a secret. Texts from data are escaped as Slack asks (& < >), so that no class name mentions @channel.
set -eu
: "${SLACK_WEBHOOK:?the address of an incoming webhook}"
node -e '
const { text } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
const escaped = text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);
const link = process.argv[2] ? `\n<${encodeURI(process.argv[2])}|The report>` : "";
console.log(JSON.stringify({ text: escaped + link, mrkdwn: false }));
' "$1" "${2:-}" | curl --silent --show-error --fail --output /dev/null --header 'Content-Type: application/json' --data @- "$SLACK_WEBHOOK"
