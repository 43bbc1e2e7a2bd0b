#!/usr/bin/env perl
# A worker for Seaway in Perl alone: answers HTTP requests and tells a group of each.
#
#     seaway up &  perl stub.pl [HOST:PORT]  &  curl localhost:8000/moon
#
# SEAWAY_TOKEN is shown to a broker that has tokens. All that crosses the wire is in protocol/PROTOCOL.md;
# protocol/CLIENT.md goes through it step by step.
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP qw(decode_json encode_json);    # both sides are bytes: UTF-8 on the wire, characters in the program
use Socket qw(IPPROTO_TCP TCP_NODELAY);

my $address = $ARGV[0] // '127.0.0.1:7411';
my $broker  = IO::Socket::INET->new($address) or die "seaway: no broker at $address: $@\n";
$broker->setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
my @inbox;                                   # messages that came while an answer was waited for

# Writes one frame: a line of words, then a body of as many bytes as the second word says, and an LF behind each.
sub say_frame {
    my ($line, $message) = @_;
    my $frame = "$line\n";
    if ($message) {
        my $body = encode_json($message);
        my $size = length $body;             # of bytes, which is what encode_json gives, not of characters
        $line =~ s/ / :$size /;
        $frame = "$line\n$body\n";
    }
    $broker->print($frame) && $broker->flush or die "seaway: the connection is over: $!\n";
}

# Reads one frame: the words of its line, and the message in its body, if it has one.
sub read_frame {
    my $line = readline($broker) // die "seaway: the broker has closed the connection\n";
    my @words = split ' ', $line;
    return (\@words, undef) unless @words > 1 && $words[1] =~ /^:(\d+)$/;
    my $size = $1 + 1;                       # with the LF behind it
    read($broker, my $body, $size) == $size or die "seaway: the broker has closed the connection\n";
    return (\@words, decode_json($body));
}

# Takes what comes by itself, between answers. A verb that it does not know is of a newer broker, and passed over.
sub push_frame {
    my ($words, $message) = @_;
    my ($verb, @others) = @$words;
    if    ($verb eq 'MSG')  { push @inbox, $message }
    elsif ($verb eq 'PING') { say_frame('PONG') }    # the broker asks whether we live
    elsif ($verb eq 'BYE')  { die "seaway: the broker ends the connection: @others\n" }
}

# Says a request and waits for its answer; answers come in the order of the requests. False when it was refused.
sub ask {
    my ($line, $message) = @_;
    say_frame($line, $message);
    while (1) {
        my ($words, $body) = read_frame();
        my ($verb, @others) = @$words;
        return 1 if $verb eq 'OK' || $verb eq 'HELLO';
        if ($verb eq 'ERR') {
            warn 'seaway: ', (split ' ', $line)[0], " was refused: @others\n";
            return 0;
        }
        push_frame($words, $body);
    }
}

my $token = $ENV{SEAWAY_TOKEN} ? " token=$ENV{SEAWAY_TOKEN}" : '';
ask("HELLO 1 format=json client=stub-perl heartbeat=20000$token") or exit 1;
ask('LISTEN http.request') or exit 1;
while (1) {
    say_frame('READY 1');    # one message may come; it is granted again when that is done, and READY has no answer
    push_frame(read_frame()) until @inbox;
    my $request = shift @inbox;

    # The answer goes to the channel that the request names: protocol/INTERFACE.md, sections 2 and 3.
    ask("SEND $request->{reply_channel}", { status => 200, content => "hello from perl: $request->{path}\n" });

    # Every member of the group gets this; a browser's socket that has joined shows the text.
    ask('GSEND stubs', { text => "perl has answered $request->{path}" });
}
