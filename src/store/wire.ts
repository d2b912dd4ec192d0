/**
 * PostgreSQL's frontend/backend protocol, as far as an embedded server needs it: cutting streams of bytes into
 * messages, and the few messages that the server itself would send at the start of a connection.
 *
 * @see https://www.postgresql.org/docs/15/protocol-message-formats.html
 */

/** Requests to cancel or to encrypt come instead of a start-up message, told by these codes. */
export const SSL_REQUEST = 80_877_103
export const GSS_REQUEST = 80_877_104
export const CANCEL_REQUEST = 80_877_102

export interface StartupMessage {
  readonly code: number
  readonly parameters: ReadonlyMap<string, string>
}

/** Collects bytes and yields whole messages; a start-up message has no type byte, every other one does. */
export function messageReader(): {
  push(bytes: Uint8Array): void
  startup(): StartupMessage | null
  next(): { readonly type: string; readonly bytes: Buffer } | null
} {
  let pending = Buffer.alloc(0)
  const take = (length: number): Buffer => {
    const bytes = pending.subarray(0, length)
    pending = pending.subarray(length)
    return bytes
  }
  return {
    push: (bytes) => {
      pending = pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([pending, bytes])
    },
    startup: () => {
      if (pending.length < 8 || pending.length < pending.readInt32BE(0)) return null
      const bytes = take(pending.readInt32BE(0))
      const words = bytes.subarray(8).toString('utf8').split('\0')
      const parameters = new Map<string, string>()
      for (let i = 0; i + 1 < words.length && words[i] !== ''; i += 2) parameters.set(words[i], words[i + 1])
      return { code: bytes.readInt32BE(4), parameters }
    },
    next: () => {
      if (pending.length < 5 || pending.length < 1 + pending.readInt32BE(1)) return null
      const bytes = take(1 + pending.readInt32BE(1))
      return { type: String.fromCharCode(bytes[0]), bytes }
    },
  }
}

/** A message with a type byte and a length. */
export function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeInt32BE(4 + body.length, 1)
  return Buffer.concat([head, body])
}

/** That a statement was parsed. */
export const PARSE_COMPLETE = message('1', Buffer.alloc(0))

/** The name under which a message prepares a statement; null: it is another message, or names none. */
export function parsedName(bytes: Buffer): string | null {
  if (bytes[0] !== 0x50) return null
  const name = bytes.subarray(5, bytes.indexOf(0, 5)).toString('utf8')
  return name === '' ? null : name
}

/** A statement as a simple query. */
export function simpleQuery(statement: string): Buffer {
  return message('Q', Buffer.from(`${statement}\0`))
}

/** What a server answers to a start-up message when it asks for no password. */
export function welcome(process: number): Buffer {
  const int = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value)
    return bytes
  }
  const parameter = (name: string, value: string): Buffer => message('S', Buffer.from(`${name}\0${value}\0`))
  return Buffer.concat([
    message('R', int(0)),
    parameter('server_version', '15.0'),
    parameter('server_encoding', 'UTF8'),
    parameter('client_encoding', 'UTF8'),
    parameter('DateStyle', 'ISO, MDY'),
    parameter('TimeZone', 'UTC'),
    parameter('integer_datetimes', 'on'),
    parameter('standard_conforming_strings', 'on'),
    message('K', Buffer.concat([int(process), int(0)])),
    message('Z', Buffer.from('I')),
  ])
}

/** An error as the server would send it, for what happens to the server itself. */
export function errorResponse(code: string, text: string): Buffer {
  return message('E', Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`))
}

export interface Reply {
  /** What goes to the client that asked. */
  readonly own: Buffer
  /** Notifications, which go to whoever listens: channel and frame. */
  readonly notifications: readonly { readonly channel: string; readonly frame: Buffer }[]
  /** Of the last ReadyForQuery: I idle, T in a transaction, E in a failed one; null where there was none. */
  readonly status: 'I' | 'T' | 'E' | null
}

/** Takes a server's reply apart. */
export function readReply(bytes: Uint8Array): Reply {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const notifications: { channel: string; frame: Buffer }[] = []
  const kept: Buffer[] = []
  let status: Reply['status'] = null
  let from = 0
  let at = 0
  while (at < all.length) {
    const end = at + 1 + all.readInt32BE(at + 1)
    if (all[at] === 0x5a) status = String.fromCharCode(all[at + 5]) as Reply['status']
    if (all[at] === 0x41) {
      kept.push(all.subarray(from, at))
      from = end
      const name = all.subarray(at + 9, all.indexOf(0, at + 9)).toString('utf8')
      notifications.push({ channel: name, frame: all.subarray(at, end) })
    }
    at = end
  }
  if (from === 0) return { own: all, notifications, status }
  kept.push(all.subarray(from))
  return { own: Buffer.concat(kept), notifications, status }
}
