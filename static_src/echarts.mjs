// The parts of ECharts that charts.js draws with; esbuild leaves the rest out.
import { init, use } from "echarts/core";
import { BarChart, GraphChart, HeatmapChart, LineChart, SankeyChart } from "echarts/charts";
import {
  AriaComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent, VisualMapComponent,
} from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

use([
  AriaComponent, BarChart, GraphChart, GridComponent, HeatmapChart, LegendComponent, LineChart, MarkAreaComponent,
  MarkLineComponent, SankeyChart, SVGRenderer, TooltipComponent, VisualMapComponent,
]);
window.echarts = { init };
