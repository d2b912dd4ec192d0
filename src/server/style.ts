/** The style of the server's own pages: calm, one accent, risk in colour and never in colour alone. */

/** Colours by their role, in each theme: those of the app (src/admin/look/tokens.css), to which a test holds them. */
export const ROLES = {
  light: {
    ink: '#1b1d21',
    second: '#5c6370',
    third: '#676e7b',
    line: '#e7e8ec',
    'line-strong': '#c9ccd3',
    ground: '#fbfbfa',
    raised: '#ffffff',
    accent: '#155e63',
    'accent-pale': '#e2efef',
    'on-accent': '#ffffff',
    high: '#b3341f',
    'high-pale': '#fbeae6',
    'high-mark': '#c05a48',
    medium: '#8a5a00',
    low: '#2f6b48',
  },
  dark: {
    ink: '#e8e9ec',
    second: '#a9afba',
    third: '#9aa1ad',
    line: '#2b2f36',
    'line-strong': '#474d57',
    ground: '#15171a',
    raised: '#1c1f23',
    accent: '#6fc3c8',
    'accent-pale': '#1c3436',
    'on-accent': '#10282a',
    high: '#f0907e',
    'high-pale': '#3b211c',
    'high-mark': '#d0705e',
    medium: '#e0b054',
    low: '#86c5a0',
  },
} as const

const rolesOf = (theme: keyof typeof ROLES): string =>
  [
    `color-scheme:${theme}`,
    ...Object.entries(ROLES[theme]).map(([role, color]) => `--${role}:${color}`),
  ].join(';')

/**
 * Which theme: what somebody chose in the app, where the page asks for that (`scheme.js`), else what the computer says.
 *
 * @param font address of a font file by its subset
 */
export function pageStyle(font: (subset: 'latin' | 'latin-ext') => string): string {
  return `@font-face{font-family:Inter;font-style:normal;font-display:swap;font-weight:100 900;src:url(${font('latin-ext')}) format("woff2");unicode-range:U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF}
@font-face{font-family:Inter;font-style:normal;font-display:swap;font-weight:100 900;src:url(${font('latin')}) format("woff2");unicode-range:U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD}
:root{${rolesOf('light')}}
@media (prefers-color-scheme:dark){:root:not([data-mantine-color-scheme]){${rolesOf('dark')}}}
:root[data-mantine-color-scheme=dark]{${rolesOf('dark')}}
*{box-sizing:border-box}
body{margin:0 auto;padding:48px 24px;max-width:560px;background:var(--ground);color:var(--ink);font:14px/1.6 Inter,system-ui,sans-serif;-webkit-font-smoothing:antialiased}
h1{font-size:28px;line-height:1.25;font-weight:650;letter-spacing:-.015em;margin:0 0 16px;text-wrap:balance}
p{margin:0 0 16px;max-width:62ch}
a{color:var(--accent)}
.note{color:var(--second);font-size:12.5px}
button{font:inherit;font-weight:600;padding:9px 18px;border:1px solid transparent;border-radius:6px;background:var(--accent);color:var(--on-accent);cursor:pointer}
button:hover{background:color-mix(in srgb,var(--accent) 88%,var(--ink))}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
`
}
