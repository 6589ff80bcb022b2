// The parts of ECharts that charts.js draws with; esbuild leaves the rest out.
import { init, use } from "echarts/core";
import { BarChart, LineChart, SankeyChart, ScatterChart } from "echarts/charts";
import {
  AriaComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent,
} from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

use([
  AriaComponent, BarChart, GridComponent, LegendComponent, LineChart, MarkAreaComponent,
  MarkLineComponent, SankeyChart, ScatterChart, SVGRenderer, TooltipComponent,
]);
window.echarts = { init };
