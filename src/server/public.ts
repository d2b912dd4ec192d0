/**
 * What the persons that e-mails reach can open: the link to unsubscribe. There is no session; the token in the address
 * is the proof.
 */
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import { describeUnsubscribe, unsubscribe, type UnsubscribePage } from '../loop/unsubscribe.ts'
import { escapeMarkup } from '../report/markup.ts'
import { page } from './page.ts'
import { route, type Answer, type Route } from './route.ts'

interface Words {
  readonly title: string
  readonly ask: (company: string) => string
  readonly button: string
  readonly done: string
  readonly told: (company: string) => string
  readonly trial: string
  readonly trialTold: string
  readonly unknown: string
  readonly unknownTold: string
}

const WORDS: Readonly<Record<'en' | 'de', Words>> = {
  en: {
    title: 'Unsubscribe',
    ask: (company) => `Do you want no more e-mails like this one from ${company}?`,
    button: 'Unsubscribe',
    done: 'You are unsubscribed',
    told: (company) => `${company} will send you no more e-mails like this one. You can close this page.`,
    trial: 'This e-mail was a trial',
    trialTold: 'It was sent to nobody, so there is nothing to unsubscribe from.',
    unknown: 'This link does not work',
    unknownTold:
      'It was cut off, or is not one of ours. Open it from the e-mail again, or answer the e-mail and say that you want no more.',
  },
  de: {
    title: 'Abmelden',
    ask: (company) => `Möchten Sie keine E-Mails wie diese mehr von ${company} bekommen?`,
    button: 'Abmelden',
    done: 'Sie sind abgemeldet',
    told: (company) =>
      `${company} schickt Ihnen keine E-Mails wie diese mehr. Sie können diese Seite schließen.`,
    trial: 'Diese E-Mail war eine Probe',
    trialTold: 'Sie ging an niemanden, darum gibt es nichts abzumelden.',
    unknown: 'Dieser Link funktioniert nicht',
    unknownTold:
      'Er ist unvollständig oder stammt nicht von uns. Öffnen Sie ihn noch einmal aus der E-Mail, oder antworten Sie auf die E-Mail, dass Sie keine mehr möchten.',
  },
}

const PATH = '/u/{token}'
/** What the links of dry runs hold in place of a token: whoever looks at one must not unsubscribe the person. */
const DRY_RUN = 'dry-run'

const shared = {
  path: PATH,
  tag: 'Public',
  access: 'public',
  audience: 'page',
  // A longer one has not the form of a token and is told so.
  params: z.strictObject({ token: z.string() }),
  headers: z.object({ 'accept-language': z.string().optional() }),
} as const

export const publicRoutes: readonly Route[] = [
  route({
    ...shared,
    method: 'get',
    summary:
      'Page with the button that unsubscribes; opening it changes nothing, since mail scanners open links',
    answers: { 200: { description: 'The page', type: 'text/html' } },
    handle: ({ params, headers }, services) =>
      answered(params.token, headers['accept-language'], async () => {
        const found = await describeUnsubscribe(services, params.token)
        return found.done ? donePage(found) : askPage(found)
      }),
  }),
  route({
    ...shared,
    method: 'post',
    summary: 'Unsubscribes: by the button, or by the one click of a mail program (RFC 8058)',
    // Mail programs send List-Unsubscribe=One-Click as a form of either type. The body is not read: who has the token
    // and posts means it.
    crossSite: true,
    // Not a redirect: RFC 8058 section 3.1 has mail programs follow none.
    answers: { 200: { description: 'Unsubscribed, now or before', type: 'text/html' } },
    handle: ({ params, headers }, services) =>
      answered(params.token, headers['accept-language'], async () => {
        await unsubscribe(services, params.token)
        return donePage(await describeUnsubscribe(services, params.token))
      }),
  }),
]

/** A link of ours, that of a dry run, or one that nobody here made. */
async function answered(
  token: string,
  accepted: string | undefined,
  html: () => Promise<string>,
): Promise<Answer> {
  const language = wordsOf(accepted ?? '')
  const words = WORDS[language]
  if (token === DRY_RUN) return { status: 200, html: plainPage(language, words.trial, words.trialTold) }
  try {
    return { status: 200, html: await html() }
  } catch (cause) {
    if (!(cause instanceof HoldfastError && cause.code === 'not_found')) throw cause
    return { status: 404, html: plainPage(language, words.unknown, words.unknownTold) }
  }
}

// An empty action posts to the address that the page came from, also behind a proxy that puts a folder before it.
function askPage({ company, language }: UnsubscribePage): string {
  const { title, ask, button } = WORDS[wordsOf(language)]
  return page({
    title,
    site: company,
    language: wordsOf(language),
    body: `<h1>${escapeMarkup(title)}</h1><p>${escapeMarkup(ask(company))}</p><form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click"><button>${escapeMarkup(button)}</button></form>`,
  })
}

function donePage({ company, language }: UnsubscribePage): string {
  const { done, told } = WORDS[wordsOf(language)]
  return plainPage(wordsOf(language), done, told(company), company)
}

function plainPage(language: 'en' | 'de', title: string, text: string, site = ''): string {
  return page({
    title,
    site,
    language,
    body: `<h1>${escapeMarkup(title)}</h1><p>${escapeMarkup(text)}</p>`,
  })
}

/** The first language of a list that there are words in; English for all others. */
function wordsOf(languages: string): 'en' | 'de' {
  const first = languages
    .toLowerCase()
    .split(',')
    .map((tag) => tag.trim().slice(0, 2))
    .find((tag) => tag === 'en' || tag === 'de')
  return first === 'de' ? 'de' : 'en'
}
