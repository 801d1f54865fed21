#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Perl's Crypt::JWT (on CryptX, so LibTomCrypt and not OpenSSL), in batch; see judge.mjs.
#
# usage: judge.pl ISSUER
use strict;
use warnings;
use Crypt::JWT qw(decode_jwt);
use HTTP::Tiny;
use JSON::PP;

my ($issuer) = @ARGV;
my $json = JSON::PP->new->allow_nonref->utf8;

sub get {
    my $reply = HTTP::Tiny->new->get($_[0]);
    die "$_[0]: $reply->{status}\n" unless $reply->{success};
    return $json->decode($reply->{content});
}

my $metadata = get("$issuer/.well-known/openid-configuration");
exit 2 if $metadata->{issuer} ne $issuer;
my $keys = get($metadata->{jwks_uri});
my %alg_of = map { $_->{kid} => $_->{alg} } @{ $keys->{keys} };
$| = 1;
while (my $line = <STDIN>) {
    eval {
        my ($token, $audience) = @{ $json->decode($line) };
        my ($header) = decode_jwt(
            token => $token,
            kid_keys => $keys,
            accepted_alg => $metadata->{id_token_signing_alg_values_supported},
            decode_header => 1,
            verify_iss => $issuer,
            verify_aud => sub { grep { $_ eq $audience } ref $_[0] eq 'ARRAY' ? @{ $_[0] } : $_[0] },
            verify_exp => 1,
        );
        # The binding of algorithm and key is the caller's part.
        die "alg does not fit the key\n"
            if defined $header->{kid} && $alg_of{ $header->{kid} } ne $header->{alg};
        1;
    } ? print "accept\n" : print "refuse ", $@ =~ s/\s+/ /gr, "\n";
}
