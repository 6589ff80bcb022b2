// The application's icon as PNG, drawn from the same lines as static/icon.svg: phones want pixels for their home screen.
import { deflateSync } from "node:zlib";

const [BLUE, WHITE] = [[11, 92, 158], [255, 255, 255]];
const HALF = 2.25 / 2; // half the width of the pen, in the 28 units of the drawing
const LINES = [
  [7.5, 19.5, 7.5, 16.3], [13.3, 10.5, 19.5, 10.5], [15.8, 6.8, 19.8, 10.5], [19.8, 10.5, 15.8, 14.2], [7.5, 7.6, 7.5, 7.7],
];
const ARC = { x: 13.3, y: 16.3, radius: 5.8 }; // a quarter, from its left to its top

function toLine(x, y, [ax, ay, bx, by]) {
  const along = Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)));
  return Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay));
}

function toPen(x, y) {
  const lines = Math.min(...LINES.map((line) => toLine(x, y, line)));
  const onArc = x <= ARC.x && y <= ARC.y;
  return onArc ? Math.min(lines, Math.abs(Math.hypot(x - ARC.x, y - ARC.y) - ARC.radius)) : lines;
}

// How far outside the rounded square; negative within.
function toSquare(x, y, corner) {
  const [dx, dy] = [x, y].map((value) => Math.abs(value - 14) - (14 - corner));
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - corner;
}

/* `size` pixels square. `corner` rounds the square (0 fills it, as phones that cut their own shape want it); `scale` shrinks the drawing
   towards the middle, so that nothing of it is cut off. */
export function appIcon(size, { corner = 7, scale = 1 } = {}) {
  const rows = Buffer.alloc(size * (size * 4 + 1));
  const unit = 28 / size;
  const covered = (distance) => Math.max(0, Math.min(1, 0.5 - distance / unit));
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const [x, y] = [(column + 0.5) * unit, (row + 0.5) * unit];
      const pen = covered((toPen(14 + (x - 14) / scale, 14 + (y - 14) / scale) - HALF) * scale);
      const at = row * (size * 4 + 1) + 1 + column * 4;
      BLUE.forEach((value, channel) => { rows[at + channel] = Math.round(value + (WHITE[channel] - value) * pen); });
      rows[at + 3] = corner ? Math.round(255 * covered(toSquare(x, y, corner))) : 255;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8); // eight bits, red green blue alpha
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(name, data) {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(data.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc(named), named.length + 4);
  return whole;
}

function crc(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
