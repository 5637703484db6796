// The evidence of rules that passed, drawn when it is asked for. Whatever it says becomes text, never markup.
const evidence = (() => {
  const LONGEST = 60; // lines of a body that is shown indented
  const OBEYED = /[^\P{C}\n\t]|[\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu; // control characters, marks of direction, odd spaces
  const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;
  const PARTS = /("(?:[^"\\\n]|\\.)*")(\s*:)?|\b(true|false|null)\b/g;

  const escaped = (sign) => {
    const hex = sign.codePointAt(0).toString(16);
    if (hex.length <= 2) return `\\x${hex.padStart(2, "0")}`;
    return hex.length <= 4 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  };
  const visible = (text) => text.replace(OBEYED, escaped);

  const element = (tag, text, kind = "") => {
    const made = document.createElement(tag);
    made.className = kind;
    made.textContent = visible(text);
    return made;
  };

  // By its tokens, not by its value: numbers beyond what a browser can count stay as they came.
  const indented = (text) => {
    let depth = 0;
    let before = "";
    let out = "";
    const line = () => `\n${"  ".repeat(depth)}`;
    for (const [token] of text.matchAll(TOKENS)) {
      const opened = before === "{" || before === "[";
      if (token === "}" || token === "]") {
        depth -= 1;
        out += opened ? token : line() + token;
      } else {
        out += (opened || before === "," ? line() : "") + token + (token === ":" ? " " : "");
        if (token === "{" || token === "[") depth += 1;
      }
      before = token;
    }
    return out;
  };

  const pretty = (body) => {
    try {
      JSON.parse(body);
    } catch {
      return body;
    }
    const text = indented(body);
    return text.split("\n").length <= LONGEST ? text : body;
  };

  const highlighted = (body) => {
    const text = visible(pretty(body));
    if (!/^\s*[{[]/.test(text)) return [text];
    const parts = [];
    let place = 0;
    for (const found of text.matchAll(PARTS)) {
      const [whole, string, colon, literal] = found;
      parts.push(text.slice(place, found.index));
      let kind = "l";
      if (!literal) kind = colon ? "k" : "s";
      parts.push(element("span", string ?? literal, kind), colon ?? "");
      place = found.index + whole.length;
    }
    return [...parts, text.slice(place)];
  };

  const message = (first, headers, body) => {
    const pre = element("pre", "");
    pre.append(element("b", first), "\n");
    for (const [name, value] of headers) pre.append(element("span", name, "h"), visible(`: ${value}\n`));
    if (body) pre.append("\n", ...highlighted(body));
    return pre;
  };

  return (exchange) => {
    const call = `${exchange.method} ${exchange.url}`;
    const answer = exchange.status === null ? exchange.problem ?? "no answer" : `${exchange.status} ${exchange.reason}`.trim();
    const made = element("details", "", "exchange");
    made.append(element("summary", `${exchange.number}. ${call} → ${answer}${exchange.note ? ` (${exchange.note})` : ""}`),
      message(call, exchange.request_headers, exchange.request_body),
      message(answer, exchange.response_headers, exchange.response_body));
    return made;
  };
})();
