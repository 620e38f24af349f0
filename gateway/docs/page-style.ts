/** How the page at `/docs` looks. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fbfaf8;--fg:#1c1b1a;--dim:#625d57;--line:#dedad3;--card:#fff;--accent:#8a4b08;
--get:#0b6e4f;--post:#1d4ed8;--code:#f3f0ea}
@media(prefers-color-scheme:dark){:root{--bg:#161514;--fg:#ece8e1;--dim:#a59d92;--line:#35312d;--card:#1e1c1a;
--accent:#f0b35a;--get:#5fd3a7;--post:#8fb4ff;--code:#26231f}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.55 system-ui,sans-serif}
a{color:var(--accent)}
a.skip{position:absolute;left:-99rem}a.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem;z-index:2}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
header,main{max-width:62rem;margin:auto;padding:1rem 1.25rem}
header{padding-top:2.5rem}
h1{font-size:1.7rem;margin:0 0 .4rem}h2{font-size:1.15rem;margin:2.2rem 0 .6rem;text-transform:capitalize}
p{margin:.4rem 0;max-width:46rem}.dim{color:var(--dim)}
.search{position:sticky;top:0;background:var(--bg);padding:.7rem 0;z-index:1}
input{width:100%;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.5rem;
padding:.55rem .8rem}
details{background:var(--card);border:1px solid var(--line);border-radius:.5rem;margin:.4rem 0}
summary{display:flex;flex-wrap:wrap;gap:.2rem .75rem;align-items:baseline;padding:.5rem .8rem;cursor:pointer;
list-style:none}
summary::-webkit-details-marker{display:none}
summary .words{color:var(--dim);margin-left:auto}
.method{font:600 .78rem/1 ui-monospace,monospace;min-width:3rem}
.get{color:var(--get)}.post{color:var(--post)}
code,pre{font:.86rem/1.5 ui-monospace,Menlo,Consolas,monospace}
code{overflow-wrap:anywhere}
pre{background:var(--code);border-radius:.4rem;padding:.7rem .9rem;overflow:auto;margin:.4rem 0;max-height:28rem}
.body{padding:.2rem .9rem .9rem;border-top:1px solid var(--line)}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line)}
h3{font-size:.82rem;margin:1rem 0 .2rem;color:var(--dim);font-weight:600}
@media(max-width:40rem){summary .words{margin-left:0;width:100%}}
`
