/** What `open` is answered: version 0, which is all that rsyslog takes, and the one command that is known here. */
export const OFFERS = 'relp_version=0\nrelp_software=lokean\ncommands=syslog'

/** Whether the sender's offers, `name=value` a line in any order, name the command. Any other line is left alone. */
export function offersCommand (offers: string, command: string): boolean {
  return offers.split('\n').some(line => {
    const [, commands] = /^commands=(.*?)\r?$/.exec(line) ?? []
    return commands?.split(',').some(one => one.trim() === command) === true
  })
}
