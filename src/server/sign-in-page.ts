/** The page that people sign in on: the ways that are set up here, the one for everyday first. */
import { addAsset, assetPath } from './assets.ts'
import { page } from './page.ts'
import { html, markupText, type Markup } from './html.ts'
import type { Answer } from './route.ts'

export interface SignInPage {
  /** Of the sign-in service; null: none is set up. */
  readonly service: string | null
  /** Whether the installation has a password of its own. */
  readonly password: boolean
  /** Of the link that was opened; null: the page was opened by itself. */
  readonly token?: string | null
  /** Why the attempt before did not work. */
  readonly notice?: string
  readonly status?: number
  readonly cookies?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

addAsset(
  'sign-in.css',
  'text/css; charset=utf-8',
  `body{max-width:none;min-height:100vh;display:grid;place-items:center;padding:32px 20px 12vh}
main{width:100%;max-width:364px}
.brand{display:flex;gap:9px;align-items:center;font-size:15px;font-weight:650;margin:0 0 34px}
h1{margin:0 0 22px}
form,.way{margin:0}
.wide{display:block;width:100%;text-align:center;text-decoration:none;font-weight:600;padding:10px 18px;border:1px solid transparent;border-radius:6px;background:var(--accent);color:var(--on-accent)}
.wide:hover{background:color-mix(in srgb,var(--accent) 88%,var(--ink))}
.wide.plain{background:var(--raised);border-color:var(--line-strong);color:var(--ink)}
.wide.plain:hover{border-color:var(--second)}
.or{display:flex;align-items:center;gap:12px;margin:20px 0;color:var(--second);font-size:12.5px}
.or::before,.or::after{content:"";flex:1;border-top:1px solid var(--line)}
summary{cursor:pointer;color:var(--accent);padding:2px 0;width:fit-content;border-radius:3px}
summary::marker{color:var(--second)}
details form{margin-top:14px}
label{display:block;font-size:13.5px;font-weight:600;margin:0 0 5px}
input[type=password]{width:100%;font:inherit;padding:9px 12px;margin:0 0 12px;border:1px solid var(--line-strong);border-radius:6px;background:var(--raised);color:inherit}
input[type=password]:focus{outline:0;border-color:var(--accent);box-shadow:0 0 0 1px var(--accent)}
.notice{border-left:3px solid var(--high-mark);padding:1px 0 1px 14px;margin:0 0 24px}
.notice strong{display:block;font-weight:600}
.notice span{color:var(--second)}
.after{margin:14px 0 0}
.rest{border-top:1px solid var(--line);margin:26px 0 0;padding-top:16px}
@media(max-width:480px){body{place-items:start center;padding-top:64px}}
`,
)

/**
 * @example
 * return signInPage({ service: 'Okta', password: true })
 */
export function signInPage(ways: SignInPage): Answer {
  const { token = null, notice, status = 200, cookies, headers } = ways
  const body = html`<main>
    <p class="brand"><img src="${assetPath('icon.svg')}" alt="" width="22" height="22" />Holdfast</p>
    <h1>Sign in</h1>
    ${notice !== undefined && html`<p class="notice" role="alert"><strong>You are not signed in</strong><span>${notice}</span></p>`}
    ${token === null ? offered(ways) : linkForm(token)}
  </main>`
  return {
    status,
    html: page({
      title: 'Sign in',
      body: markupText(body),
      head: `<script src="${assetPath('scheme.js')}"></script>\n<link rel="stylesheet" href="${assetPath('sign-in.css')}">\n`,
    }),
    ...(cookies === undefined ? {} : { cookies }),
    ...(headers === undefined ? {} : { headers }),
  }
}

/** Opening a link uses nothing up: mail scanners open links too. */
const linkForm = (token: string): Markup =>
  html`<form method="post" action="/sign-in">
      <input type="hidden" name="token" value="${token}" /><button class="wide">Sign in</button>
    </form>
    <p class="note after">The link works once.</p>`

function offered({ service, password }: SignInPage): Markup {
  const link = html`Open the sign-in link that an admin made for you, or the one that the server prints at its
  start. Each works once.`
  if (service === null && !password) return html`<p>${link}</p>`
  return html`${service !== null && html`<p class="way"><a class="wide" href="/sign-in/service">Sign in with ${service}</a></p>`}
    ${service !== null && password && html`<p class="or">or</p>`}
    ${password && (service === null ? passwordForm('wide') : folded(passwordForm('wide plain')))}
    <p class="note rest">With a link: ${link}</p>`
}

/** The way in when the everyday one is broken stands behind it. */
const folded = (form: Markup): Markup =>
  html`<details>
    <summary>Use the password of this installation</summary>
    ${form}
  </details>`

const passwordForm = (kind: string): Markup =>
  html`<form method="post" action="/sign-in/password">
    <label for="password">Password of this installation</label>
    <input id="password" name="password" type="password" autocomplete="current-password" required />
    <button class="${kind}">Sign in</button>
  </form>`
