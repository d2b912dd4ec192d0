/** The e-mails in German, with the formal "Sie". Nothing in them says or hints what the model thinks of the customer. */
import type { EmailTemplate } from '../template.ts'
import type { FooterWords } from './en.ts'
import { offerBox } from './offer.ts'

export const germanFooter: FooterWords = {
  why: 'Sie erhalten diese E-Mail, weil Sie oder Ihr Unternehmen unser Kunde sind und Sie E-Mails von uns zugestimmt haben.',
  unsubscribe: 'Abmelden',
}

const hello = 'Guten Tag{% if recipient.name %} {{ recipient.name }}{% endif %},'
const signature = {
  text: 'Freundliche Grüße\n{% if responsible.name %}{{ responsible.name }}\n{% endif %}{{ sender.company }}',
  html: '<p>Freundliche Grüße<br>{% if responsible.name %}{{ responsible.name }}<br>{% endif %}{{ sender.company }}</p>',
}

const checkIn: EmailTemplate = {
  subject:
    '{% if responsible.name %}Läuft alles, wie Sie es brauchen?{% else %}Läuft mit {{ sender.company }} alles, wie Sie es brauchen?{% endif %}',
  text: `${hello}

{% if responsible.name %}ich bin Ihre Ansprechperson und möchte{% else %}wir möchten{% endif %} kurz nachfragen, ob alles so läuft, wie Sie es brauchen.

Gibt es etwas, das nicht funktioniert, oder ein Vorhaben, bei dem wir helfen können? Antworten Sie einfach auf diese E-Mail. Eine Zeile genügt, und ein Mensch liest sie.

Wenn alles passt, brauchen Sie nichts zu tun.

${signature.text}`,
  html: `<p>${hello}</p>
<p>{% if responsible.name %}ich bin Ihre Ansprechperson und möchte{% else %}wir möchten{% endif %} kurz nachfragen, ob alles so läuft, wie Sie es brauchen.</p>
<p>Gibt es etwas, das nicht funktioniert, oder ein Vorhaben, bei dem wir helfen können? Antworten Sie einfach auf diese E-Mail. Eine Zeile genügt, und ein Mensch liest sie.</p>
<p>Wenn alles passt, brauchen Sie nichts zu tun.</p>
${signature.html}`,
}

const nobreak = '\u00a0'
const months = '{{ offer.months }} {% if offer.months == 1 %}Monat{% else %}Monate{% endif %}'
const until = '{% if offer.until %} Das Angebot gilt bis {{ offer.until }}.{% endif %}'

const reply =
  'Wenn Sie das Angebot annehmen möchten, antworten Sie einfach auf diese E-Mail, und {% if responsible.name %}ich richte{% else %}wir richten{% endif %} es für Sie ein.'
const take = {
  text: `{% if offer.code %}Ihr Code lautet {{ offer.code }}. Er gilt nur für Sie und nur einmal.{% else %}${reply}{% endif %}`,
  html: `{% if offer.code %}Ihr Code lautet <strong>{{ offer.code }}</strong>. Er gilt nur für Sie und nur einmal.{% else %}${reply}{% endif %}`,
}

const discount: EmailTemplate = {
  subject: `{{ offer.percent }}${nobreak}% Nachlass für ${months}`,
  text: `${hello}

vielen Dank für Ihr Vertrauen. {% if responsible.name %}Ich möchte{% else %}Wir möchten{% endif %} Ihnen einen günstigeren Preis anbieten:

    {{ offer.percent }}${nobreak}% Nachlass auf Ihren heutigen Preis für ${months}

Sonst bleibt alles, wie es ist. Danach gilt wieder der reguläre Preis.

${take.text}${until}

${signature.text}`,
  html: `<p>${hello}</p>
<p>vielen Dank für Ihr Vertrauen. {% if responsible.name %}Ich möchte{% else %}Wir möchten{% endif %} Ihnen einen günstigeren Preis anbieten:</p>
${offerBox(`{{ offer.percent }}${nobreak}% Nachlass`, `auf Ihren heutigen Preis, für ${months}`)}
<p>Sonst bleibt alles, wie es ist. Danach gilt wieder der reguläre Preis.</p>
<p>${take.html}${until}</p>
${signature.html}`,
}

const payment: EmailTemplate = {
  subject: 'Ihre letzte Zahlung an {{ sender.company }} ist nicht durchgegangen',
  text: `${hello}

Ihre letzte Zahlung ist nicht durchgegangen. Meistens ist eine Karte abgelaufen, oder die Bank möchte eine neue Bestätigung.

Bitte prüfen Sie Ihre Zahlungsdaten in Ihrem Konto. Wenn Sie das lieber gemeinsam machen oder ein Irrtum vorliegt, antworten Sie einfach auf diese E-Mail, und ein Mensch hilft Ihnen.

Wenn es schon erledigt ist, brauchen Sie nichts zu tun.

${signature.text}`,
  html: `<p>${hello}</p>
<p>Ihre letzte Zahlung ist nicht durchgegangen. Meistens ist eine Karte abgelaufen, oder die Bank möchte eine neue Bestätigung.</p>
<p>Bitte prüfen Sie Ihre Zahlungsdaten in Ihrem Konto. Wenn Sie das lieber gemeinsam machen oder ein Irrtum vorliegt, antworten Sie einfach auf diese E-Mail, und ein Mensch hilft Ihnen.</p>
<p>Wenn es schon erledigt ist, brauchen Sie nichts zu tun.</p>
${signature.html}`,
}

/** By key of the action. The two discounts differ by their offer alone. */
export const germanTemplates: Readonly<Record<string, EmailTemplate>> = {
  email: checkIn,
  discount_10: discount,
  discount_20: discount,
  update_payment: payment,
}
