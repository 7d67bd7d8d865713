/** The status page's only style; its hash stands in the page's policy, so that no other is applied. */
export const STYLE = `
:root{color-scheme:light dark;--back:#f7f7f5;--card:#fff;--ink:#1c1d1f;--soft:#5c6068;--edge:#dddfe3;--one:#1f6fc4;--two:#b4500c;--good:#1a7f43;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--back:#141518;--card:#1d1f23;--ink:#e8e9eb;--soft:#a0a5ae;--edge:#34373d;--one:#6cb0f5;--two:#f0a060;--good:#5fcf8a;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;padding:1.25rem;background:var(--back);color:var(--ink);font:15px/1.4 system-ui,-apple-system,'Segoe UI',sans-serif}
main,header{max-width:72rem;margin:0 auto}
h1{font-size:1.25rem;margin:0}
h2{font-size:.9rem;font-weight:600;margin:0}
header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline;margin-bottom:1rem}
.soft,.tick{color:var(--soft);fill:var(--soft)}
.good{color:var(--good);font-weight:600}
.bad{color:var(--bad);font-weight:600}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:.75rem}
figure,section{margin:0;padding:.75rem;background:var(--card);border:1px solid var(--edge);border-radius:.5rem}
.value{font-size:1.5rem;font-variant-numeric:tabular-nums;margin:.1rem 0}
.value small{font-size:.8rem;color:var(--soft)}
svg{display:block;width:100%;height:auto;margin-top:.35rem}
.grid{stroke:var(--edge);stroke-width:1}
.line{fill:none;stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}
.line0{stroke:var(--one)}
.line1{stroke:var(--two)}
.tick{font-size:10px}
figcaption{font-size:.8rem;color:var(--soft)}
.keys{display:block;color:var(--ink)}
.keys span{margin-right:.6em}
.key0::before,.key1::before{content:'';display:inline-block;width:.9em;height:.2em;margin-right:.35em;vertical-align:middle;background:var(--one)}
.key1::before{background:var(--two)}
table{border-collapse:collapse;width:100%;font-size:.85rem;font-variant-numeric:tabular-nums}
td,th{text-align:left;padding:.15rem 0;font-weight:400}
td:last-child{text-align:right}
`;
