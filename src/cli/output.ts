/** What was asked for. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What is said besides: it must not end up in a file that takes the output. */
export function remark(line: string): void {
  process.stderr.write(`${line}\n`);
}
