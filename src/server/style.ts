/** The style of the server's own pages: calm, one accent, risk in colour and never in colour alone. */

/** @param font address of a font file by its subset */
export function pageStyle(font: (subset: 'latin' | 'latin-ext') => string): string {
  return `@font-face{font-family:Inter;font-style:normal;font-display:swap;font-weight:100 900;src:url(${font('latin-ext')}) format("woff2");unicode-range:U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF}
@font-face{font-family:Inter;font-style:normal;font-display:swap;font-weight:100 900;src:url(${font('latin')}) format("woff2");unicode-range:U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD}
:root{color-scheme:light dark;--ink:#1b1d21;--second:#5c6370;--line:#e7e8ec;--ground:#fbfbfa;--accent:#155e63;--on-accent:#fff;--high:#b3341f;--medium:#a16207;--low:#3f7d58}
@media (prefers-color-scheme:dark){:root{--ink:#e8e9ec;--second:#a3a9b4;--line:#2d3138;--ground:#16181c;--accent:#6fc3c8;--on-accent:#10282a;--high:#f0907e;--medium:#e0b054;--low:#86c5a0}}
*{box-sizing:border-box}
body{margin:0 auto;padding:48px 24px;max-width:560px;background:var(--ground);color:var(--ink);font:14px/1.6 Inter,system-ui,sans-serif;font-feature-settings:"tnum"}
h1{font-size:28px;line-height:1.25;font-weight:600;letter-spacing:-.01em;margin:0 0 16px;text-wrap:balance}
p{margin:0 0 16px;max-width:62ch}
a{color:var(--accent)}
.note{color:var(--second);font-size:12.5px}
button{font:inherit;font-weight:600;padding:9px 18px;border:1px solid transparent;border-radius:6px;background:var(--accent);color:var(--on-accent);cursor:pointer}
button:hover{filter:brightness(1.08)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
`
}
