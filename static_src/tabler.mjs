// Tabler's stylesheet without the parts that PRM never uses (635 KB become about 150). A fixed list, and not a purge by what
// the templates happen to use: a class that works in one template works in the next one, without a build in between.
import postcss from "postcss";

const COMPONENTS = [
  "accordion", "animated", "apexcharts", "avatar", "blockquote", "bs", "calendar", "callout", "carousel", "chart", "chat", "chip", "clr",
  "colorinput", "column", "columns", "cursor", "datepicker", "dimmer", "divide", "display", "dropend", "dropstart", "dropup", "dropzone",
  "float", "flag", "footer", "fslightbox", "hover", "hr", "img", "jvm", "kbd", "layout", "legend", "link", "litepicker",
  "loader", "markdown", "mention", "modal", "navbar", "noUi", "object", "offcanvas", "offset", "opacity", "order", "otp", "page", "payment",
  "placeholder", "plyr", "popover", "progressbg", "ratio", "ribbon", "scrollable", "shape", "signal", "signature", "social",
  "sortable", "space", "sparkline", "star", "strength", "switch", "tag", "tags", "theme", "timeline", "toast", "tooltip", "tox",
  "tracking", "translate", "ts", "typed", "valid", "was", "wysiwyg", "hljs", "empty", "skip", "user", "segmented", "btn-group-vertical",
  "form-colorinput", "form-imagecheck", "form-selectgroup", "form-floating", "form-range", "form-control-color", "card-rotate", "card-cover",
  "card-stamp", "card-progress", "card-img", "card-status", "card-ribbon", "card-group", "nav-bordered", "nav-segmented", "list-group-horizontal",
  "focus-ring", "icon-pulse", "icon-tada", "icon-rotate", "bg-gradient", "bg-pattern", "bg-overlay", "bg-blur", "table-transparent",
  "status-indicator", "progress-separated", "btn-floating", "btn-app", "steps-counter", "step-item", "steps", "alert-(?!danger|success|info|warning|title|heading|link|dismissible|important|icon|description)",
];
const COLORS = "blue|azure|indigo|purple|pink|lime|teal|cyan|orange|yellow|facebook|twitter|x|linkedin|google|youtube|vimeo|dribbble|github|instagram|pinterest|vk|rss|flickr|bitbucket|tabler|gray(-\\d+)?|black|light|dark|muted|info";
const DROP = [
  new RegExp(`^\\.(${COMPONENTS.join("|")})(?![a-z0-9])`),
  new RegExp(`\\.(btn|bg|text|status|alert|badge|table|border|list-group-item|nav|steps|link|progress|form)(-outline|-ghost)?-(${COLORS})(-lt|-fg|-subtle|-emphasis)?(?![a-z0-9-])`),
  /\.[a-z-]+-(xl|xxl)-(auto|none|\d+|[a-z-]+)(?![a-z0-9])/,
  /\[data-vc|\.vc-|::-webkit-scrollbar|\.jvm-|\.ts-|\.tox|\.layout-|\[data-bs-theme-(base|font|primary|radius)|-rtl|\.theme-|\.nav-vertical/,
];
const unwanted = (selector) => DROP.some((pattern) => pattern.test(selector.trim()));

export function subset(css) {
  const root = postcss.parse(css);
  root.walkRules((rule) => {
    const kept = rule.selectors.filter((selector) => !unwanted(selector));
    if (kept.length === 0) rule.remove();
    else if (kept.length < rule.selectors.length) rule.selectors = kept;
  });
  root.walkComments((comment) => { if (!comment.text.startsWith("!")) comment.remove(); });
  root.walkAtRules((rule) => { if (rule.nodes?.length === 0) rule.remove(); });
  return root.toString();
}
