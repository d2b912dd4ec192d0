/** The style of the loop's pages, on top of the frame's: navigation left, hairlines, one accent, colour means risk. */
import { addAsset } from '../assets.ts'

const css = `
:root{--third:#5f6570;--low-ink:#2f6b48;--side:#f4f4f2;--chosen:#e8e8e4;--accent-pale:#e2efef;--high-pale:#fbeae6;--medium-pale:#faf0dc;--low-pale:#e6f1ea;--wait:#8a5a00}
@media (prefers-color-scheme:dark){:root{--third:#9aa1ad;--low-ink:#86c5a0;--side:#1b1e22;--chosen:#2a2e34;--accent-pale:#1c3436;--high-pale:#3b211c;--medium-pale:#362a14;--low-pale:#1b2f24;--wait:#e0b054}}
body{max-width:none;margin:0;padding:0;font-size:14px;line-height:1.5;display:grid;grid-template-columns:208px minmax(0,1fr);min-height:100vh}
.skip{position:absolute;left:-999px;top:8px;background:var(--accent);color:var(--on-accent);padding:8px 14px;border-radius:6px;z-index:2}
.skip:focus{left:8px}
.side{background:var(--side);border-right:1px solid var(--line)}
.side>div{padding:18px 12px;display:flex;flex-direction:column;position:sticky;top:0;height:100vh;overflow-y:auto}
.menu{display:none}
#menu{all:unset;display:flex;flex-direction:column;flex:1;gap:2px}
.brand{display:flex;align-items:center;gap:8px;font-weight:650;font-size:15px;color:var(--ink);text-decoration:none;padding:0 10px 14px}
.brand img{width:18px;height:18px}
.side ul{list-style:none;margin:0 0 14px;padding:0}
.side li a{display:flex;justify-content:space-between;gap:8px;padding:6px 10px;border-radius:6px;color:var(--second);text-decoration:none}
.side li a:hover{color:var(--ink)}
.side a[aria-current]{background:var(--chosen);color:var(--ink);font-weight:600}
.side h2{font-size:12px;font-weight:600;color:var(--third);margin:0;padding:4px 10px}
.side .who{margin-top:auto;padding:10px;color:var(--third);font-size:12px}
.side .who p{margin:0 0 6px;overflow-wrap:anywhere}
.companies{margin:0 0 8px}
.companies summary{color:var(--ink);font-size:12.5px;font-weight:600;overflow-wrap:anywhere}
.companies form{display:block;margin:4px 0 0 14px}
.companies button.link{text-align:left}
.number{font-size:12.5px;color:var(--third);font-weight:400}
main{padding:26px 40px 72px;max-width:1260px;min-width:0}
h1{margin:6px 0 8px;font-weight:650;letter-spacing:-.015em;max-width:26em;overflow-wrap:anywhere}
h2{font-size:14.5px;font-weight:650;margin:0 0 6px}
h3{font-size:13px;font-weight:600;margin:14px 0 4px}
p{margin:0 0 10px;max-width:70ch}
.lead{color:var(--second);font-size:15px}
.note,.second{color:var(--second)}
.note{font-size:12.5px}
.strong{font-weight:600}
.nowrap{white-space:nowrap}
td.bar{width:34%}
.compact td,.compact tbody th{padding-top:5px;padding-bottom:5px}
td.tight{width:1%;white-space:nowrap}
.status{display:flex;flex-wrap:wrap;gap:4px 18px;color:var(--second);font-size:13px;align-items:center;margin-bottom:14px}
.crumbs{color:var(--second);font-size:13px;display:flex;flex-wrap:wrap;gap:4px 10px;align-items:center;margin-bottom:14px}
.crumbs>*,.status>*{min-width:0;max-width:100%;overflow-wrap:anywhere}
.dot{display:inline-block;width:7px;height:7px;border-radius:50%;background:var(--low);margin-right:7px;vertical-align:1px}
.dot.bad{background:var(--high)}.dot.wait{background:var(--medium)}.dot.still{background:var(--third)}
.pill{display:inline-block;border:1px solid var(--line);border-radius:20px;padding:1px 10px;font-size:12.5px;color:var(--second);background:var(--ground)}
.pill.wait{color:var(--wait);background:var(--medium-pale);border-color:transparent}
.pill.bad{color:var(--high);background:var(--high-pale);border-color:transparent}
.top{display:flex;flex-wrap:wrap;justify-content:space-between;gap:10px 24px;align-items:flex-start}
.top>div:first-child{flex:1 1 420px;min-width:0}
.buttons{display:flex;flex-wrap:wrap;gap:8px;align-items:center}
form{margin:0;display:inline-flex;gap:8px;align-items:center;flex-wrap:wrap}
button{padding:6px 14px;font-size:13.5px}
button.plain,a.button{background:transparent;color:var(--ink);border:1px solid var(--line);font-weight:500;background:var(--ground)}
a.button{display:inline-block;padding:6px 14px;font-size:13.5px;border-radius:6px;text-decoration:none}
button.plain:hover,a.button:hover{filter:none;border-color:var(--third)}
button.small{padding:2px 10px;font-size:12.5px}
button.link{background:none;border:0;padding:0;color:var(--accent);font-weight:400;font-size:12px;text-decoration:underline}
input[type=text]{font:inherit;font-size:13.5px;padding:6px 10px;border:1px solid var(--third);border-radius:6px;background:var(--ground);color:var(--ink);min-width:0;width:220px;max-width:100%}
label.check{display:flex;gap:8px;align-items:baseline}
section{border-top:1px solid var(--line);padding:20px 0 6px;margin-top:20px}
section:target{scroll-margin-top:8px}
.two{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:0 56px}
.two>div{min-width:0}
.notice{border-left:3px solid var(--accent);padding:1px 0 1px 14px;margin:16px 0}
.notice.bad{border-color:var(--high)}.notice.wait{border-color:var(--medium)}
.notice p{margin:0 0 4px}.notice .buttons{margin-top:6px}
.progress{margin:16px 0}
progress{appearance:none;width:100%;max-width:520px;height:6px;border:0;border-radius:3px;background:var(--line);display:block;margin:6px 0;overflow:hidden}
progress::-webkit-progress-bar{background:var(--line)}
progress::-webkit-progress-value{background:var(--accent)}
progress::-moz-progress-bar{background:var(--accent)}
table{border-collapse:collapse;width:100%;font-size:13.5px;margin:6px 0 10px}
caption{text-align:left;color:var(--second);font-size:12.5px;padding:0 0 4px}
th{font-weight:500;color:var(--second);font-size:12.5px;text-align:left;padding:6px 16px 6px 0;border-bottom:1px solid var(--line);vertical-align:bottom}
td{padding:9px 16px 9px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th.figure,td.figure{text-align:right;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
tbody th{color:var(--ink);font-size:13.5px;padding:9px 16px 9px 0;vertical-align:top}
td small,th small,dd small{display:block;color:var(--second);font-size:12.5px;font-weight:400}
tr.off td{color:var(--second)}
.name{font-weight:600;color:var(--ink);text-decoration:none}
.name:hover{color:var(--accent);text-decoration:underline}
.risk{display:inline-block;white-space:nowrap;font-weight:600;border-radius:20px;padding:1px 10px}
.risk.HIGH{color:var(--high);background:var(--high-pale)}.risk.MEDIUM{color:var(--wait);background:var(--medium-pale)}.risk.LOW{color:var(--low-ink);background:var(--low-pale)}
.risk .word{font-weight:400;font-size:12.5px}
.big{font-size:30px;font-weight:650;letter-spacing:-.02em;margin-right:8px}
.big.HIGH{color:var(--high)}.big.MEDIUM{color:var(--medium)}.big.LOW{color:var(--low)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(120px,1fr));gap:14px 28px;margin:6px 0 14px}
.figures div{border-left:2px solid var(--line);padding-left:12px}
.figures dt{order:2;color:var(--second);font-size:12.5px}
.figures dd{margin:0;font-size:20px;font-weight:650;letter-spacing:-.01em}
.figures dd a{color:inherit;text-decoration:none}.figures dd a:hover{color:var(--accent);text-decoration:underline}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:5px 18px;margin:6px 0 12px;font-size:13.5px}
.facts dt{color:var(--second)}.facts dd{margin:0;overflow-wrap:anywhere}
svg{display:block;width:100%;overflow:visible}
svg text{font-family:inherit;font-size:12px;fill:var(--second)}
.chart{height:212px;margin:12px 0 4px}.trend{height:150px;margin:10px 0 6px}.strip{height:10px;margin-top:6px}
.bar-HIGH,.dot-HIGH{fill:var(--high)}.bar-MEDIUM,.dot-MEDIUM{fill:var(--medium)}.bar-LOW,.dot-LOW{fill:var(--low)}.chart rect{fill-opacity:.8}
.axis{stroke:var(--line);stroke-width:1}.trace{stroke:var(--ink);stroke-width:1.75;stroke-linecap:round}
.raises{fill:var(--high)}.lowers{fill:var(--low)}
.keys{display:flex;flex-wrap:wrap;gap:6px 20px;list-style:none;padding:0;margin:6px 0 10px;font-size:13px}
.keys a{text-decoration:none}
.parts tbody th{width:250px}.parts td.tight{text-align:right}.parts .pause{display:inline-block;text-align:left}.parts .pause summary{padding:2px 10px;font-size:12.5px}
.tabs{display:flex;flex-wrap:wrap;gap:6px 8px;list-style:none;padding:0;margin:14px 0 6px}
.tabs a{display:inline-block;border:1px solid var(--line);border-radius:20px;padding:3px 12px;color:var(--second);text-decoration:none;font-size:13px}
.tabs a:hover{color:var(--ink);border-color:var(--third)}
.tabs a[aria-current]{background:var(--chosen);color:var(--ink);border-color:transparent;font-weight:600}
.box{border:1px solid var(--line);border-radius:10px;padding:14px 16px;margin:8px 0 14px}
.box p:last-child{margin:0}
.mail{width:100%;height:540px;border:1px solid var(--line);border-radius:8px;background:#fff;display:block;margin:8px 0 12px}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:12.5px/1.55 ui-monospace,monospace;margin:8px 0;max-width:84ch}
details{margin:6px 0 10px}
summary{cursor:pointer;color:var(--accent);width:max-content;max-width:100%;font-size:13px;padding:3px 0}
.pause{position:relative;margin:0}
.pause summary{list-style:none;color:var(--ink);border:1px solid var(--line);border-radius:6px;padding:6px 14px;font-size:13.5px;font-weight:500}
.pause summary::-webkit-details-marker{display:none}
.pause summary:hover{border-color:var(--third)}
.pause>div{position:absolute;right:0;top:calc(100% + 6px);z-index:1;white-space:normal;background:var(--ground);border:1px solid var(--line);border-radius:10px;padding:14px 16px;width:400px;max-width:calc(100vw - 36px)}
.pages{display:flex;gap:18px;margin:10px 0}
.error{color:var(--high)}
.only-reader{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:900px){.two{grid-template-columns:minmax(0,1fr)}.two>div+div{border-top:1px solid var(--line);padding-top:20px;margin-top:16px}}
@media (max-width:760px){
body{display:block}
.side{border-right:0;border-bottom:1px solid var(--line)}
.side>div{position:static;height:auto;flex-direction:row;justify-content:space-between;align-items:center;padding:8px 18px;overflow:visible}
.brand{padding:0}
.menu{display:block}
#menu{display:none}
#menu:popover-open{display:flex;position:fixed;inset:46px 0 auto 0;background:var(--side);color:var(--ink);border-bottom:1px solid var(--line);padding:8px 12px 16px;box-sizing:border-box;width:100%}
#menu::backdrop{background:rgb(0 0 0/.35)}
.side li a{padding:9px 10px}
.companies summary,.who button.link{padding:8px 0;font-size:14px}
.companies{margin:0}
.companies form{margin-top:0}
input[type=text]{width:150px}
.pause>div{left:0;right:auto}
main{padding:16px 18px 48px}
h1{font-size:23px}
.top>div:first-child{flex-basis:100%}
table.rows,.rows tbody{display:block}
.rows caption{display:block}
.rows thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.rows tr{display:flex;flex-wrap:wrap;gap:2px 12px;align-items:baseline;padding:10px 0;border-bottom:1px solid var(--line)}
.rows td,.rows tbody th{border:0;padding:0;text-align:left}
.rows td:empty,.rows td.wide-only{display:none}
.rows td.first,.rows th.first{flex:1 1 55%}
.rows td.tight{width:auto}.rows td.full{flex:1 1 100%}.rows td.rest{flex:1 1 60%}
.rows td[data-label]::before{content:attr(data-label) " ";color:var(--second);font-size:12.5px}
.facts{grid-template-columns:minmax(0,1fr);gap:0 0}.facts dd{margin-bottom:8px}
.mail{height:460px}
}
@media print{.side,.buttons,form{display:none}body{display:block}}
`

/** Its address. */
export const BOOK_STYLE = addAsset('book.css', 'text/css; charset=utf-8', css)
