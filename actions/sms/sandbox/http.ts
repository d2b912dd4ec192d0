/** Answers over HTTP as Twilio gives them. */
import type { ServerResponse } from 'node:http'
import type { Refusal } from './answers.ts'

export function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json;charset=utf-8' }).end(JSON.stringify(body))
}

export function refuse(response: ServerResponse, { status, code, message = 'Refused' }: Refusal): void {
  if (code === undefined) {
    response.writeHead(status, { 'content-type': 'text/html' }).end('<html><body>Bad gateway</body></html>')
    return
  }
  send(response, status, {
    code,
    message,
    more_info: `https://www.twilio.com/docs/errors/${code}`,
    status,
  })
}
