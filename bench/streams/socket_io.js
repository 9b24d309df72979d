// The same with socket.io: a room a channel, over WebSocket.
const http = require("http");
const Redis = require("ioredis");
const { Server } = require("socket.io");

const server = http.createServer((_request, answer) => answer.end("ready"));
const io = new Server(server, { serveClient: false, transports: ["websocket"] });
const redis = new Redis(process.env.REDIS_URL);
redis.psubscribe("bench:*");
redis.on("pmessage", (_pattern, channel, message) => io.to(channel).emit("text", JSON.parse(message)));
io.on("connection", (socket) => socket.join(socket.handshake.query.channel));
server.listen({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: 2048 });
