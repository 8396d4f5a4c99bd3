export type { Socket } from "socket.io-client";
export { io } from "socket.io-client";
