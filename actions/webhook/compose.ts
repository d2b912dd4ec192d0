/** A notice as the incoming webhooks of chats take it, and as programs do. */

export interface Notice {
  readonly kind: string
  readonly level: 'info' | 'warning' | 'urgent'
  /** One line. */
  readonly subject: string
  /** Plain text, lines. */
  readonly text: string
  /** Where a person looks further; null: nowhere. */
  readonly link: string | null
  readonly at: Date
  readonly data: object
}

/**
 * The body of a POST, as JSON.
 *
 * @example
 * composeWebhook('slack', notice) // '{"text":"Stopped: …","blocks":[…]}'
 */
export function composeWebhook(format: 'signed' | 'slack' | 'teams', notice: Notice): string {
  return JSON.stringify({ signed, slack, teams }[format](notice))
}

/** https://www.standardwebhooks.com: type, timestamp, data. */
function signed({ kind, level, subject, text, link, at, data }: Notice): object {
  return { type: kind, timestamp: at.toISOString(), data: { level, subject, text, link, ...data } }
}

const SIGNS = { info: '', warning: '⚠️ ', urgent: '🚨 ' } as const

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks; a section takes 3,000 characters. */
function slack({ level, subject, text, link }: Notice): object {
  const title = `${SIGNS[level]}*${slackText(subject)}*`
  const body = slackText(cut(text, 2700))
  const more = link === null ? '' : `\n<${link}|Open Holdfast>`
  return {
    // Of notifications and screen readers.
    text: `${SIGNS[level]}${slackText(subject)}`,
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: cut(`${title}\n${body}${more}`, 3000) } }],
    unfurl_links: false,
  }
}

/** https://docs.slack.dev/messaging/formatting-message-text: three characters; mentions and links need a bare `<`. */
function slackText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[*_~`]/g, '\u200b$&')
}

/** An adaptive card, as "Post to a channel when a webhook request is received" of Workflows takes it. */
function teams({ level, subject, text, link }: Notice): object {
  const colour = { info: 'default', warning: 'warning', urgent: 'attention' }[level]
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            { type: 'TextBlock', text: teamsText(subject), wrap: true, weight: 'bolder', color: colour },
            ...cut(text, 10_000)
              .split('\n')
              .filter((line) => line.trim() !== '')
              .map((line) => ({ type: 'TextBlock', text: teamsText(line), wrap: true, spacing: 'small' })),
          ],
          ...(link === null
            ? {}
            : { actions: [{ type: 'Action.OpenUrl', title: 'Open Holdfast', url: link }] }),
        },
      },
    ],
  }
}

/** Text blocks read some Markdown: a name makes no link of itself. */
function teamsText(text: string): string {
  return text.replace(/[\\`*_[\]()#~<>]/g, '\\$&')
}

function cut(text: string, most: number): string {
  if (text.length <= most) return text
  const end = text.slice(0, most - 1)
  // No half of a pair.
  return `${/[\ud800-\udbff]$/.test(end) ? end.slice(0, -1) : end}…`
}
