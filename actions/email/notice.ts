/** From a notice to the bytes that go over the wire: an answer that is passed on, a digest. */
import { createTransport } from 'nodemailer'
import type { Notice } from '../channel.ts'
import { isHeaderText, parseAddress } from './address.ts'
import { messageIdOf, type ComposedMail, type Flaw } from './compose.ts'

/**
 * @param key the same key is the same notice, and gives the same Message-ID
 * @returns what is wrong with it, before anybody was spoken to
 */
export async function composeNotice(
  { to, from, replyTo, subject, text, attached }: Notice,
  { key, date }: { readonly key: string; readonly date: Date },
): Promise<ComposedMail | Flaw> {
  const [sender, receiver] = [parseAddress(from.address), parseAddress(to.address)]
  const answer = replyTo === null ? null : parseAddress(replyTo.address)
  if (sender === null || receiver === null || (replyTo !== null && answer === null))
    return { code: 'address_invalid', message: 'An address of the notice is no e-mail address.' }
  const names = [subject, from.name, to.name ?? '', replyTo?.name ?? '', attached?.filename ?? '']
  if (!names.every(isHeaderText))
    return { code: 'header_invalid', message: 'There is a line break or a control character in a header.' }
  const messageId = messageIdOf(key, sender.domain)
  const info = await composer.sendMail({
    messageId,
    date,
    from: { name: from.name, address: sender.address },
    to: { name: to.name ?? '', address: receiver.address },
    ...(answer === null ? {} : { replyTo: { name: replyTo?.name ?? '', address: answer.address } }),
    subject,
    text,
    // RFC 3834: nobody's out-of-office answers it.
    headers: { 'Auto-Submitted': 'auto-generated' },
    ...(attached === undefined
      ? {}
      : {
          attachments: [
            { filename: attached.filename, content: attached.mail, contentType: 'message/rfc822' },
          ],
        }),
    xMailer: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return { from: sender.address, to: receiver.address, messageId, bytes: info.message as Buffer }
}

const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
