/** The e-mails in English. Nothing in them says or hints what the model thinks of the customer. */
import type { EmailTemplate } from '../template.ts'
import { offerBox } from './offer.ts'

export interface FooterWords {
  /** Why the recipient gets this e-mail; Liquid. */
  readonly why: string
  readonly unsubscribe: string
}

export const englishFooter: FooterWords = {
  why: 'You receive this e-mail because you or your company is our customer and you agreed to e-mails from us.',
  unsubscribe: 'Unsubscribe',
}

const hello = '{% if recipient.name %}Hello {{ recipient.name }},{% else %}Hello,{% endif %}'
const signature = {
  text: 'Kind regards,\n{% if responsible.name %}{{ responsible.name }}\n{% endif %}{{ sender.company }}',
  html: '<p>Kind regards,<br>{% if responsible.name %}{{ responsible.name }}<br>{% endif %}{{ sender.company }}</p>',
}

const checkIn: EmailTemplate = {
  subject:
    '{% if responsible.name %}How are things going?{% else %}How are things going with {{ sender.company }}?{% endif %}',
  text: `${hello}

{% if responsible.name %}I look after your account{% else %}We look after your account{% endif %} and wanted to ask how things are going.

Is there anything that does not work as you need it, or anything you would like to do that we could help with? Just reply to this e-mail. A line is enough, and a person reads it.

If everything is fine, there is nothing to do.

${signature.text}`,
  html: `<p>${hello}</p>
<p>{% if responsible.name %}I look after your account{% else %}We look after your account{% endif %} and wanted to ask how things are going.</p>
<p>Is there anything that does not work as you need it, or anything you would like to do that we could help with? Just reply to this e-mail. A line is enough, and a person reads it.</p>
<p>If everything is fine, there is nothing to do.</p>
${signature.html}`,
}

const months = '{{ offer.months }} {% if offer.months == 1 %}month{% else %}months{% endif %}'
const until = '{% if offer.until %} The offer stands until {{ offer.until }}.{% endif %}'

const reply =
  'If you would like to take it, just reply to this e-mail and {% if responsible.name %}I will set it up{% else %}we will set it up{% endif %}.'
const take = {
  text: `{% if offer.code %}Your code is {{ offer.code }}. It is for you alone and can be used once.{% else %}${reply}{% endif %}`,
  html: `{% if offer.code %}Your code is <strong>{{ offer.code }}</strong>. It is for you alone and can be used once.{% else %}${reply}{% endif %}`,
}

const discount: EmailTemplate = {
  subject: `{{ offer.percent }}% off for ${months}`,
  text: `${hello}

Thank you for being our customer. {% if responsible.name %}I would like to offer you{% else %}We would like to offer you{% endif %} a lower price:

    {{ offer.percent }}% off your current price for ${months}

Everything else stays as it is. After ${months} the price is the regular one again.

${take.text}${until}

${signature.text}`,
  html: `<p>${hello}</p>
<p>Thank you for being our customer. {% if responsible.name %}I would like to offer you{% else %}We would like to offer you{% endif %} a lower price:</p>
${offerBox(`{{ offer.percent }}% off`, `your current price, for ${months}`)}
<p>Everything else stays as it is. After ${months} the price is the regular one again.</p>
<p>${take.html}${until}</p>
${signature.html}`,
}

const payment: EmailTemplate = {
  subject: 'Your last payment to {{ sender.company }} did not go through',
  text: `${hello}

Your last payment did not go through. Most of the time a card has expired, or the bank asks for a new confirmation.

Please check your payment details in your account. If you would rather do it together, or think that this is a mistake, just reply to this e-mail and a person helps you.

If you have put it right already, there is nothing to do.

${signature.text}`,
  html: `<p>${hello}</p>
<p>Your last payment did not go through. Most of the time a card has expired, or the bank asks for a new confirmation.</p>
<p>Please check your payment details in your account. If you would rather do it together, or think that this is a mistake, just reply to this e-mail and a person helps you.</p>
<p>If you have put it right already, there is nothing to do.</p>
${signature.html}`,
}

/** By key of the action. The two discounts differ by their offer alone. */
export const englishTemplates: Readonly<Record<string, EmailTemplate>> = {
  email: checkIn,
  discount_10: discount,
  discount_20: discount,
  update_payment: payment,
}
