// SPDX-License-Identifier: Apache-2.0

// signer_client asks a signer what kube-apiserver asks, by the generated clients of
// k8s.io/externaljwt and dialling as kube-apiserver does.
//
// usage: signer_client SOCKET v1|v1alpha1 metadata|keys|sign [CLAIMS...]
//
// sign takes payload segments and checks each signature by a key of FetchKeys. An answer is a line
// of JSON; that to a call which failed has the members code and message.
package main

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"k8s.io/externaljwt/apis/v1"
	"k8s.io/externaljwt/apis/v1alpha1"
)

// client has the methods of v1's generated client without options.
type client interface {
	Metadata(context.Context) (*v1.MetadataResponse, error)
	FetchKeys(context.Context) (*v1.FetchKeysResponse, error)
	Sign(context.Context, string) (*v1.SignJWTResponse, error)
}

type stable struct{ c v1.ExternalJWTSignerClient }

func (s stable) Metadata(ctx context.Context) (*v1.MetadataResponse, error) {
	return s.c.Metadata(ctx, &v1.MetadataRequest{})
}

func (s stable) FetchKeys(ctx context.Context) (*v1.FetchKeysResponse, error) {
	return s.c.FetchKeys(ctx, &v1.FetchKeysRequest{})
}

func (s stable) Sign(ctx context.Context, claims string) (*v1.SignJWTResponse, error) {
	return s.c.Sign(ctx, &v1.SignJWTRequest{Claims: claims})
}

// alpha hands on what v1alpha1's client got: the messages are those of v1 under another name.
type alpha struct {
	c v1alpha1.ExternalJWTSignerClient
}

func (a alpha) Metadata(ctx context.Context) (*v1.MetadataResponse, error) {
	r, err := a.c.Metadata(ctx, &v1alpha1.MetadataRequest{})
	return as(r, err, &v1.MetadataResponse{})
}

func (a alpha) FetchKeys(ctx context.Context) (*v1.FetchKeysResponse, error) {
	r, err := a.c.FetchKeys(ctx, &v1alpha1.FetchKeysRequest{})
	return as(r, err, &v1.FetchKeysResponse{})
}

func (a alpha) Sign(ctx context.Context, claims string) (*v1.SignJWTResponse, error) {
	r, err := a.c.Sign(ctx, &v1alpha1.SignJWTRequest{Claims: claims})
	return as(r, err, &v1.SignJWTResponse{})
}

func as[M proto.Message](from proto.Message, err error, to M) (M, error) {
	if err != nil {
		return to, err
	}
	wire, err := proto.Marshal(from)
	if err != nil {
		return to, err
	}
	return to, proto.Unmarshal(wire, to)
}

func dial(socket, version string) (client, error) {
	conn, err := grpc.NewClient("passthrough:///"+socket,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithAuthority("localhost"),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true)),
		grpc.WithContextDialer(func(ctx context.Context, path string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}))
	if err != nil {
		return nil, err
	}
	if version == "v1alpha1" {
		return alpha{v1alpha1.NewExternalJWTSignerClient(conn)}, nil
	}
	return stable{v1.NewExternalJWTSignerClient(conn)}, nil
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: signer_client SOCKET v1|v1alpha1 metadata|keys|sign [CLAIMS...]")
		os.Exit(2)
	}
	c, err := dial(os.Args[1], os.Args[2])
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		err = ask(ctx, c, os.Args[3], os.Args[4:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func ask(ctx context.Context, c client, what string, arguments []string) error {
	switch what {
	case "metadata":
		r, err := c.Metadata(ctx)
		return answer(map[string]any{"maxTokenExpirationSeconds": r.GetMaxTokenExpirationSeconds()}, err)
	case "keys":
		r, err := c.FetchKeys(ctx)
		keys := []map[string]any{}
		for _, k := range r.GetKeys() {
			keys = append(keys, map[string]any{
				"kid": k.GetKeyId(), "key": k.GetKey(), "excluded": k.GetExcludeFromOidcDiscovery()})
		}
		return answer(map[string]any{"keys": keys, "refreshHintSeconds": r.GetRefreshHintSeconds(),
			"dataTimestamp": r.GetDataTimestamp().AsTime().Format(time.RFC3339Nano)}, err)
	case "sign":
		return sign(ctx, c, arguments)
	}
	return fmt.Errorf("unknown call %q", what)
}

func sign(ctx context.Context, c client, arguments []string) error {
	published, err := c.FetchKeys(ctx)
	if err != nil {
		return answer(nil, err)
	}
	for _, claims := range arguments {
		r, err := c.Sign(ctx, claims)
		if err == nil {
			if err := verify(published, r, claims); err != nil {
				return err
			}
		}
		if err := answer(map[string]any{"header": r.GetHeader(), "signature": r.GetSignature()}, err); err != nil {
			return err
		}
	}
	return nil
}

// verify wants a good signature of a key that is published under the kid of the header.
func verify(published *v1.FetchKeysResponse, r *v1.SignJWTResponse, claims string) error {
	text, err := base64.RawURLEncoding.DecodeString(r.GetHeader())
	if err != nil {
		return err
	}
	var header struct{ Alg, Kid string }
	if err := json.Unmarshal(text, &header); err != nil {
		return err
	}
	signature, err := base64.RawURLEncoding.DecodeString(r.GetSignature())
	if err != nil {
		return err
	}
	for _, k := range published.GetKeys() {
		if k.GetKeyId() == header.Kid && !k.GetExcludeFromOidcDiscovery() {
			key, err := x509.ParsePKIXPublicKey(k.GetKey())
			if err != nil {
				return err
			}
			if _, isRSA := key.(*rsa.PublicKey); isRSA != (header.Alg == "RS256") {
				return fmt.Errorf("algorithm %s of another kind of key", header.Alg)
			}
			return jwt.GetSigningMethod(header.Alg).Verify(r.GetHeader()+"."+claims, signature, key)
		}
	}
	return errors.New("signed by a key that is not published")
}

// answer prints one; an error of the call is an answer, too.
func answer(members map[string]any, err error) error {
	if err != nil {
		s, ok := status.FromError(err)
		if !ok {
			return err
		}
		members = map[string]any{"code": s.Code().String(), "message": s.Message()}
	}
	return json.NewEncoder(os.Stdout).Encode(members)
}
