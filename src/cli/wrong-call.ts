const commands = ['score', 'train', 'evaluate', 'what-if', 'generate']

/**
 * What commander says about a wrong call, as a sentence that ends in what to do.
 *
 * @param command what stands first on the command line
 * @example
 * wrongCall("error: unknown option '--ot'\n(Did you mean --out?)", 'score')
 * // `Unknown option '--ot'. Did you mean --out? See "holdfast score --help".`
 */
export function wrongCall(message: string, command: string | undefined): string {
  const text = message.replace(/^error: /, '').replace(/\s*\((Did you mean [^]*\?)\)/, '. $1')
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?]$/.test(text) ? '' : '.'}`
  const topic = commands.includes(command ?? '') ? `holdfast ${command} --help` : 'holdfast --help'
  return `${sentence} See "${topic}".`
}
