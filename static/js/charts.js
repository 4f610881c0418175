// Draws what a page gives as data. Every chart stands beside a table with the same numbers, which is
// what is read where scripts don't run, and by screen readers.
(() => {
  "use strict";
  const holders = [...document.querySelectorAll("[data-chart]")];
  const source = document.getElementById("charts");
  if (!holders.length || !source || !window.echarts) return;
  const data = JSON.parse(source.textContent);
  const drawn = new Map();

  // The page's own colours, in whichever scheme it is read.
  const colours = () => {
    const probe = document.createElement("span");
    document.body.append(probe);
    const of = (name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    const found = Object.fromEntries(["ink", "faint", "line", "sheet", "accent", "good", "warn"].map((n) => [n, of(n)]));
    probe.remove();
    return found;
  };

  const options = (chart, colour) => {
    const rows = chart.kind === "rows";
    const label = { color: colour.faint, fontSize: 12 };
    const names = {
      type: "category",
      data: chart.days,
      axisLabel: { ...label, hideOverlap: true, formatter: (text) => (rows ? text : text.slice(5)) },
      axisLine: { lineStyle: { color: colour.line } },
      axisTick: { show: false },
    };
    const values = {
      type: "value",
      minInterval: chart.unit === "" ? 1 : 0,
      min: 0,
      max: chart.unit === "%" ? 100 : null,
      axisLabel: label,
      splitNumber: 4,
      splitLine: { lineStyle: { color: colour.line } },
    };
    return {
      animation: false,
      color: [colour.accent, colour.good, colour.warn],
      textStyle: { fontFamily: "inherit" },
      grid: { left: 4, right: 12, top: chart.series.length > 1 ? 34 : 12, bottom: 4, containLabel: true },
      legend: chart.series.length > 1 ? { top: 0, right: 0, textStyle: { color: colour.ink }, itemWidth: 14 } : undefined,
      // Its HTML would carry styles of its own, which the content security policy refuses.
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        backgroundColor: colour.sheet,
        borderColor: colour.line,
        textStyle: { color: colour.ink, fontSize: 13 },
        valueFormatter: (value) => (value == null ? "–" : `${value.toLocaleString("en")} ${chart.unit}`),
      },
      xAxis: rows ? values : names,
      yAxis: rows ? names : values,
      series: chart.series.map((one) => ({
        name: one.name,
        type: chart.kind === "line" ? "line" : "bar",
        data: one.values,
        connectNulls: true,
        showSymbol: one.values.filter((value) => value != null).length < 12,
        symbolSize: 6,
        barMaxWidth: 22,
        itemStyle: { borderRadius: rows ? [0, 3, 3, 0] : [3, 3, 0, 0] },
      })),
    };
  };

  const draw = () => {
    const colour = colours();
    for (const holder of holders) {
      const chart = data[holder.dataset.chart];
      const figure = holder.closest("figure");
      if (!chart || !chart.series.some((one) => one.values.some((value) => value))) continue;
      figure.dataset.drawn = "yes";
      const one = drawn.get(holder) || window.echarts.init(holder, null, { renderer: "canvas" });
      drawn.set(holder, one);
      one.setOption(options(chart, colour), true);
      one.resize();
    }
  };

  draw();
  addEventListener("resize", () => drawn.forEach((one) => one.resize()));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
