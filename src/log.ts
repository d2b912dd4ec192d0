/** The log: one JSON object a line, and nothing in it that opens a door. */
import { pino, type DestinationStream, type Logger } from 'pino'

/** Fields that never reach the log, wherever code may put them: what opens a door, and what is a person's. */
const REDACTED = [
  'address',
  'body',
  'email',
  'emails',
  'html',
  'phone',
  'phones',
  'recipient',
  'subject',
  'text',
  'password',
  'token',
  'secret',
  'key',
  'apiKey',
  'authorization',
  'cookie',
  'privateKey',
  'accessToken',
  'refreshToken',
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/**
 * Secrets in the middle of a text: API keys, passwords within addresses of servers, tokens in the query of a URL,
 * bearer headers, links that unsubscribe.
 */
const SECRET =
  /hf_[A-Za-z0-9_-]{43}|(?<=:\/\/[^\s:/@"\\]*:)[^\s@"\\/]+(?=@)|(?<=[?&](?:token|key|code|secret)=)[^\s&"\\]+|(?<=\bBearer )[^\s"\\]+|(?<=\/u\/)[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{22}/g

/**
 * @param level as pino names them
 * @param destination default: standard output
 * @example
 * const log = openLog({ level: 'info' })
 * log.info({ tenant, connection }, 'synced')
 */
export function openLog({ level, destination }: { level: string; destination?: DestinationStream }): Logger {
  const options = {
    level,
    // The process id and the host's name say nothing here; a container's log has both.
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: failure },
    redact: { paths: REDACTED, censor: '[redacted]' },
    hooks: { streamWrite: withoutSecrets },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** Name, message, stack and causes of an error: its other properties may hold what a customer's row held. */
function failure(error: unknown): unknown {
  if (!(error instanceof Error)) return error === null || error === undefined ? error : String(error)
  const { name, message, stack, cause } = error
  const { code } = error as { code?: unknown }
  return {
    name,
    message,
    ...(typeof code === 'string' ? { code } : {}),
    stack,
    ...(cause instanceof Error ? { cause: failure(cause) } : {}),
  }
}

/**
 * Addresses of persons: mail servers repeat them in what they answer. The domain stays, since it tells whose server it
 * was.
 */
const MAILBOX = /[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}(?=@(?:[\p{L}\p{N}-]+\.)+\p{L}{2,})/gu

/**
 * A last look at the finished line: messages of libraries hold what no redaction of fields can know of.
 *
 * @example
 * withoutSecrets('550 <ann@example.com> unknown') // '550 <[redacted]@example.com> unknown'
 */
export function withoutSecrets(line: string): string {
  const kept = line.replace(SECRET, '[redacted]')
  return kept.includes('@') ? kept.replace(MAILBOX, '[redacted]') : kept
}
