/**
 * What is offered, where the eye finds it: a quiet box, no button and no shouting. Both lines are Liquid.
 *
 * @example
 * offerBox('{{ offer.percent }}% off', 'your current price, for 12 months')
 */
export function offerBox(headline: string, detail: string): string {
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px"><tr><td class="offer" style="background:#f2f5ff;border-left:4px solid #3b5bdb;padding:14px 18px">
<span class="ink" style="font-size:20px;line-height:1.4;font-weight:600;color:#1f2328">${headline}</span><br>
<span class="ink" style="color:#1f2328">${detail}</span>
</td></tr></table>`
}
