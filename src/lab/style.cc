#include "lab/style.h"

namespace oklo::lab {

const std::string_view kPlotStyle = R"(
:root {
  color-scheme: light dark;
  --ink: #1d2530; --soft: #5f6a78; --paper: #faf9f6; --card: #fff; --line: #e3e0d8; --ghost: #dcd8cd;
  --rate: #12607a; --p99: #b4531a; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e4dd; --soft: #9aa3ae; --paper: #15181c; --card: #1b1f24; --line: #2b3037; --ghost: #363c45;
    --rate: #74c9e0; --p99: #f2a36b; --bad: #ff8f85;
  }
}
svg { font-family: system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
text { fill: var(--ink); font-size: 10px; font-variant-numeric: tabular-nums; }
.grid, .base, .ghost, path.rate, path.p99 { fill: none; stroke: var(--line); stroke-width: 1; }
.base { stroke: var(--ghost); }
.ghost { stroke: var(--ghost); stroke-width: .8; }
path.rate { stroke: var(--rate); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
path.p99 { stroke: var(--p99); stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
circle.rate { fill: var(--rate); stroke: var(--rate); stroke-width: 1.4; }
circle.p99 { fill: var(--p99); stroke: var(--p99); stroke-width: 1.4; }
circle.hollow { fill: var(--paper); }
text.value { font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
text.rate { fill: var(--rate); }
text.p99 { fill: var(--p99); }
text.none { fill: var(--bad); font-size: 12px; }
text.bad { fill: var(--bad); font-size: 9.5px; }
.tick { fill: var(--soft); font-size: 9px; }
.soft { fill: var(--soft); }
.start { text-anchor: start; }
.middle { text-anchor: middle; }
.end { text-anchor: end; }
.piece { fill: var(--rate); opacity: .55; }
.many { opacity: .3; }
)";

const std::string_view kPageStyle = R"(
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
}
header, main, footer { max-width: 74rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.2rem; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; letter-spacing: -.015em; font-weight: 650; }
h2 { margin: 2.8rem 0 .9rem; font-size: 1.25rem; letter-spacing: -.01em; }
p { margin: .6rem 0; max-width: 48rem; }
.lead { color: var(--soft); font-size: 1.05rem; }
.key {
  display: flex; flex-wrap: wrap; gap: .3rem 1.6rem; margin: 1rem 0 0; color: var(--soft); font-size: .87rem;
}
.key svg { vertical-align: middle; margin-right: .4rem; }
@media (max-width: 60rem) { .scroll { overflow-x: auto; } }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .5rem .3rem; vertical-align: middle; text-align: right; white-space: nowrap; }
thead th {
  position: sticky; top: 0; z-index: 1; background: var(--paper); color: var(--soft); font-size: .76rem;
  font-weight: 500; line-height: 1.25; vertical-align: bottom; white-space: normal;
  border-bottom: 1px solid var(--ghost);
}
tbody tr { border-bottom: 1px solid var(--line); }
th:first-child, td.plot, thead th.plot { text-align: left; }
tbody th { font-weight: 400; white-space: normal; width: 12rem; min-width: 12rem; }
tbody th b { display: block; font-weight: 620; }
tbody th span { display: block; color: var(--soft); font-size: .77rem; line-height: 1.3; }
td.plot svg, th svg { display: block; overflow: visible; }
.n { font-size: .88rem; min-width: 3.9rem; }
.n i { display: block; width: 2.8rem; height: 3px; margin: .3rem 0 0 auto; background: var(--line); }
.n i b { display: block; height: 100%; background: var(--soft); }
.n.none { color: var(--soft); }
.story { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)); gap: 1rem; }
article {
  background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.2rem 1.1rem;
}
h3 { margin: 0 0 .15rem; font-size: 1rem; font-weight: 620; }
article p { margin: .15rem 0; font-size: .9rem; }
article .what { color: var(--soft); }
article dl { margin: .9rem 0 .2rem; }
article dt { margin: .8rem 0 .25rem; font-size: .84rem; color: var(--soft); }
article dd {
  display: grid; grid-template-columns: 9.5rem 1fr 4.2rem; gap: .7rem; align-items: center; margin: .18rem 0;
  font-size: .86rem; line-height: 1.25;
}
article dd i { display: block; height: .62rem; background: var(--line); }
article dd i b { display: block; height: 100%; min-width: 1px; background: var(--rate); }
article dd.fault i b { background: var(--p99); }
article dd > :last-child { text-align: right; font-variant-numeric: tabular-nums; }
article td, article th { padding: .25rem .3rem; font-size: .86rem; }
article thead th { position: static; background: none; }
article table { margin-top: .6rem; }
article .verdict { margin-top: .8rem; }
.missing { color: var(--soft); font-size: .9rem; padding-left: 1.1rem; }
footer { padding-top: 3rem; padding-bottom: 2.5rem; color: var(--soft); font-size: .87rem; }
footer p { max-width: 56rem; }
)";

}  // namespace oklo::lab
