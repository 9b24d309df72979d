// A minimal event stream in Node: one Redis subscription, each event written to each open page.
const http = require("http");
const Redis = require("ioredis");

const pages = new Map(); // channel → answers of the open pages
const redis = new Redis(process.env.REDIS_URL);
redis.psubscribe("bench:*");
redis.on("pmessage", (_pattern, channel, message) => {
  const frame = `event: text\ndata: ${message}\n\n`;
  for (const answer of pages.get(channel) ?? []) answer.write(frame);
});

http.createServer((request, answer) => {
  const channel = new URL(request.url, "http://x").searchParams.get("channel");
  if (!channel) return answer.end("ready");
  answer.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  answer.write(": welcome\n\n");
  if (!pages.has(channel)) pages.set(channel, new Set());
  pages.get(channel).add(answer);
  request.on("close", () => pages.get(channel).delete(answer));
}).listen({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: 2048 });
