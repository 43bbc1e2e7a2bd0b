#!/usr/bin/env ruby
# A worker for Seaway in Ruby alone: answers HTTP requests and tells a group of each.
#
#     seaway up &  ruby stub.rb [HOST:PORT]  &  curl localhost:8000/moon
#
# SEAWAY_TOKEN is shown to a broker that has tokens. All that crosses the wire is in protocol/PROTOCOL.md;
# protocol/CLIENT.md goes through it step by step.
require 'json'
require 'socket'

class Broker
  def initialize(host, port)
    @socket = TCPSocket.new(host, port)
    @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    @inbox = [] # messages that came while an answer was waited for
  rescue SystemCallError, SocketError => error
    abort "seaway: no broker at #{host}:#{port}: #{error.message}"
  end

  # Writes one frame: a line of words, then a body of as many bytes as the second word says, and an LF behind each.
  def say(line, message = nil)
    return @socket.write("#{line}\n") if message.nil?

    body = JSON.generate(message)
    # Bytes are counted, not characters.
    @socket.write("#{line.sub(' ', " :#{body.bytesize} ")}\n#{body}\n")
  end

  # Says a request and waits for its answer; answers come in the order of the requests. False when it was refused.
  def ask(line, message = nil)
    say(line, message)
    loop do
      words, body = read
      case words[0]
      when 'ERR'
        warn "seaway: #{line.split[0]} was refused: #{words.drop(1).join(' ')}"
        return false
      when 'OK', 'HELLO'
        return true
      else
        push(words, body)
      end
    end
  end

  # Waits for the next message.
  def receive
    push(*read) while @inbox.empty?
    @inbox.shift
  end

  private

  # Reads one frame: the words of its line, and the message in its body, if it has one.
  def read
    line = @socket.gets("\n") or abort 'seaway: the broker has closed the connection'
    words = line.split
    return [words, nil] unless words[1]&.start_with?(':')

    # With the LF behind the body, which JSON passes over.
    body = @socket.read(words[1][1..].to_i + 1)
    [words, JSON.parse(body.force_encoding('UTF-8'))]
  rescue SystemCallError => error
    abort "seaway: the connection is over: #{error.message}"
  end

  # Takes what comes by itself, between answers. A verb that it does not know is of a newer broker, and passed over.
  def push(words, message)
    case words[0]
    when 'MSG' then @inbox << message
    when 'PING' then say('PONG') # the broker asks whether we live
    when 'BYE' then abort "seaway: the broker ends the connection: #{words.drop(1).join(' ')}"
    end
  end
end

host, _, port = (ARGV[0] || '127.0.0.1:7411').rpartition(':')
broker = Broker.new(host, port)
token = ENV['SEAWAY_TOKEN'] ? " token=#{ENV['SEAWAY_TOKEN']}" : ''
exit 1 unless broker.ask("HELLO 1 format=json client=stub-ruby heartbeat=20000#{token}")
exit 1 unless broker.ask('LISTEN http.request')
loop do
  broker.say('READY 1') # one message may come; it is granted again when that is done, and READY has no answer
  request = broker.receive
  # The answer goes to the channel that the request names: protocol/INTERFACE.md, sections 2 and 3.
  answer = { status: 200, content: "hello from ruby: #{request['path']}\n" }
  broker.ask("SEND #{request['reply_channel']}", answer)
  # Every member of the group gets this; a browser's socket that has joined shows the text.
  broker.ask('GSEND stubs', { text: "ruby has answered #{request['path']}" })
end
