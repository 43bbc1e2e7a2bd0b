#!/usr/bin/env node
// A worker for Seaway in JavaScript (Node) alone: answers HTTP requests and tells a group of each.
//
//     seaway up &  node stub.js [HOST:PORT]  &  curl localhost:8000/moon
//
// SEAWAY_TOKEN is shown to a broker that has tokens. All that crosses the wire is in protocol/PROTOCOL.md;
// protocol/CLIENT.md goes through it step by step.
'use strict';
const net = require('net');

const [, host, port] = /^(.*):(\d+)$/.exec(process.argv[2] || '127.0.0.1:7411');
const broker = net.connect(Number(port), host).setNoDelay();
const waiting = []; // a request and who waits for its answer: answers come in the order of the requests
let rest = Buffer.alloc(0); // bytes that are no whole frame yet

function die(text) {
    console.error(`seaway: ${text}`);
    process.exit(1);
}

// Writes one frame: a line of words, then a body of as many bytes as the second word says, and an LF behind each.
function say(line, message) {
    if (message === undefined) return broker.write(`${line}\n`);
    const body = Buffer.from(JSON.stringify(message)); // bytes are counted, not characters
    return broker.write(`${line.replace(' ', ` :${body.length} `)}\n${body}\n`);
}

// Says a request; the promise holds its answer: false when it was refused.
function ask(line, message) {
    say(line, message);
    return new Promise((resolve) => waiting.push({ verb: line.split(' ')[0], resolve }));
}

// Takes one frame: the words of its line, and the message in its body, if it has one.
function take(words, message) {
    switch (words[0]) {
    case 'OK':
    case 'HELLO':
        return waiting.shift().resolve(true);
    case 'ERR': {
        const { verb, resolve } = waiting.shift();
        console.error(`seaway: ${verb} was refused: ${words.slice(1).join(' ')}`);
        return resolve(false);
    }
    case 'MSG': // what comes by itself, between answers
        return work(message);
    case 'PING': // the broker asks whether we live
        return say('PONG');
    case 'BYE':
        return die(`the broker ends the connection: ${words.slice(1).join(' ')}`);
    default: // of a newer broker
    }
}

// What comes from a socket may end anywhere, also within a character: so bytes are kept until a frame is whole.
broker.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        const words = rest.toString('latin1', 0, end).trim().split(' ');
        let size = 0;
        let message;
        if (words.length > 1 && words[1].startsWith(':')) {
            size = Number(words[1].slice(1)) + 1; // with the LF behind it
            if (rest.length < end + 1 + size) return;
            message = JSON.parse(rest.toString('utf8', end + 1, end + size));
        }
        rest = rest.subarray(end + 1 + size);
        take(words, message);
    }
});
broker.on('error', (error) => die(`no broker, or not any more: ${error.message}`));
broker.on('end', () => die('the broker has closed the connection'));

async function work(request) {
    // The answer goes to the channel that the request names: protocol/INTERFACE.md, sections 2 and 3.
    await ask(`SEND ${request.reply_channel}`, { status: 200, content: `hello from node: ${request.path}\n` });
    // Every member of the group gets this; a browser's socket that has joined shows the text.
    await ask('GSEND stubs', { text: `node has answered ${request.path}` });
    say('READY 1'); // one message more may come; READY has no answer
}

async function main() {
    const token = process.env.SEAWAY_TOKEN ? ` token=${process.env.SEAWAY_TOKEN}` : '';
    if (!await ask(`HELLO 1 format=json client=stub-node heartbeat=20000${token}`)) process.exit(1);
    if (!await ask('LISTEN http.request')) process.exit(1);
    say('READY 1');
}

main();
