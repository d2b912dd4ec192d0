/** The e-mails in German, with the formal "Sie". Nothing in them says or hints what the model thinks of the customer. */
import type { EmailTemplate } from '../template.ts'
import type { FooterWords } from './en.ts'
import { offerBox } from './offer.ts'

export const germanFooter: FooterWords = {
  why: 'Sie erhalten diese E-Mail, weil Sie bei einem unserer Kunden Ansprechpartner sind und E-Mails von uns zugestimmt haben.',
  unsubscribe: 'Abmelden',
}

const hello = 'Guten Tag{% if recipient.name %} {{ recipient.name }}{% endif %},'
const account = '{% if customer.name %} bei {{ customer.name }}{% endif %}'
const signature = {
  text: 'Freundliche Grüße\n{% if responsible.name %}{{ responsible.name }}\n{% endif %}{{ sender.company }}',
  html: '<p>Freundliche Grüße<br>{% if responsible.name %}{{ responsible.name }}<br>{% endif %}{{ sender.company }}</p>',
}

const checkIn: EmailTemplate = {
  subject:
    '{% if responsible.name %}Läuft alles, wie Sie es brauchen?{% else %}Läuft mit {{ sender.company }} alles, wie Sie es brauchen?{% endif %}',
  text: `${hello}

{% if responsible.name %}ich bin für Sie zuständig und möchte{% else %}wir möchten{% endif %} kurz nachfragen, wie es${account} läuft.

Gibt es etwas, das nicht so funktioniert, wie Sie es brauchen, oder ein Vorhaben, bei dem wir helfen können? Antworten Sie einfach auf diese E-Mail. Eine Zeile genügt, und ein Mensch liest sie.

Wenn alles passt, brauchen Sie nichts zu tun.

${signature.text}`,
  html: `<p>${hello}</p>
<p>{% if responsible.name %}ich bin für Sie zuständig und möchte{% else %}wir möchten{% endif %} kurz nachfragen, wie es${account} läuft.</p>
<p>Gibt es etwas, das nicht so funktioniert, wie Sie es brauchen, oder ein Vorhaben, bei dem wir helfen können? Antworten Sie einfach auf diese E-Mail. Eine Zeile genügt, und ein Mensch liest sie.</p>
<p>Wenn alles passt, brauchen Sie nichts zu tun.</p>
${signature.html}`,
}

const nobreak = '\u00a0'
const months = '{{ offer.months }} {% if offer.months == 1 %}Monat{% else %}Monate{% endif %}'
const until = '{% if offer.until %} Das Angebot gilt bis {{ offer.until }}.{% endif %}'

const discount: EmailTemplate = {
  subject: `{{ offer.percent }}${nobreak}% Nachlass für ${months}`,
  text: `${hello}

vielen Dank, dass Sie unser Kunde sind. {% if responsible.name %}Ich möchte{% else %}Wir möchten{% endif %} Ihnen einen günstigeren Preis anbieten:

    {{ offer.percent }}${nobreak}% Nachlass auf Ihren heutigen Preis für ${months}

Sonst bleibt alles, wie es ist: dieselben Leistungen, dieselben Ansprechpartner, keine neuen Bedingungen. Danach gilt wieder der reguläre Preis.

Wenn Sie das Angebot annehmen möchten, antworten Sie einfach auf diese E-Mail, und {% if responsible.name %}ich richte{% else %}wir richten{% endif %} es für Sie ein.${until}

${signature.text}`,
  html: `<p>${hello}</p>
<p>vielen Dank, dass Sie unser Kunde sind. {% if responsible.name %}Ich möchte{% else %}Wir möchten{% endif %} Ihnen einen günstigeren Preis anbieten:</p>
${offerBox(`{{ offer.percent }}${nobreak}% Nachlass`, `auf Ihren heutigen Preis, für ${months}`)}
<p>Sonst bleibt alles, wie es ist: dieselben Leistungen, dieselben Ansprechpartner, keine neuen Bedingungen. Danach gilt wieder der reguläre Preis.</p>
<p>Wenn Sie das Angebot annehmen möchten, antworten Sie einfach auf diese E-Mail, und {% if responsible.name %}ich richte{% else %}wir richten{% endif %} es für Sie ein.${until}</p>
${signature.html}`,
}

/** By key of the action. The two discounts differ by their offer alone. */
export const germanTemplates: Readonly<Record<string, EmailTemplate>> = {
  email: checkIn,
  discount_10: discount,
  discount_20: discount,
}
