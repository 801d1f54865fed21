// SPDX-License-Identifier: Apache-2.0

// Writes test vectors with Kubernetes' own code: bodies of TokenRequests as JSON and as Protocol
// Buffers, answers, and the Status objects of what can go wrong.
//
//	go mod init vectors && go get k8s.io/api@v0.33.1 k8s.io/apimachinery@v0.33.1
//	for f in bodies statuses answers; do go run . $f >$f.txt; done
package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var words = []string{"", "a", "default", "sts.amazonaws.com", "api://AzureADTokenExchange",
	"//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
	"sp ace", "quo\"te\\", "h\u00e9\u4e16\U0001f600", "<&>\u2028", "tab\t",
	"12345678-1234-4123-8123-123456789abc", strings.Repeat("long", 16)}

func word(r *rand.Rand) string { return words[r.Intn(len(words))] }

func request(r *rand.Rand) *authenticationv1.TokenRequest {
	t := &authenticationv1.TokenRequest{}
	if r.Intn(2) == 0 {
		t.Name, t.Namespace, t.UID = word(r), word(r), types.UID(word(r))
	}
	if r.Intn(4) == 0 {
		t.Labels = map[string]string{"a": word(r)}
		t.Annotations = map[string]string{"b": word(r)}
		t.CreationTimestamp = metav1.Unix(1767225600, 0)
		t.Generation = 7
		t.OwnerReferences = []metav1.OwnerReference{{Kind: "Pod", Name: word(r)}}
	}
	for n := r.Intn(5); n > 0; n-- {
		t.Spec.Audiences = append(t.Spec.Audiences, word(r))
	}
	if r.Intn(2) == 0 {
		n := []int64{0, 1, -1, 600, 3600, 4294967296, 4294967297, 1<<63 - 1, -1 << 63}[r.Intn(9)]
		t.Spec.ExpirationSeconds = &n
	}
	if r.Intn(2) == 0 {
		t.Spec.BoundObjectRef = &authenticationv1.BoundObjectReference{
			Kind: word(r), APIVersion: word(r), Name: word(r), UID: types.UID(word(r))}
	}
	if r.Intn(4) == 0 {
		t.Status.Token = word(r)
		t.Status.ExpirationTimestamp = metav1.Unix(1767225600, 0)
	}
	return t
}

// What the daemon is to make of it, texts in hex.
func meaning(t *authenticationv1.TokenRequest) string {
	q := func(s string) string { return hex.EncodeToString([]byte(s)) }
	s := fmt.Sprintf("name=%s namespace=%s uid=%s audiences=%d", q(t.Name), q(t.Namespace),
		q(string(t.UID)), len(t.Spec.Audiences))
	for _, a := range t.Spec.Audiences {
		s += ":" + q(a)
	}
	if t.Spec.ExpirationSeconds == nil {
		s += " seconds=none"
	} else {
		s += fmt.Sprintf(" seconds=%d", *t.Spec.ExpirationSeconds)
	}
	if b := t.Spec.BoundObjectRef; b == nil {
		s += " bound=none"
	} else {
		s += fmt.Sprintf(" bound=%s:%s:%s:%s", q(b.Kind), q(b.APIVersion), q(b.Name),
			q(string(b.UID)))
	}
	return s
}

func bodies() {
	scheme := runtime.NewScheme()
	authenticationv1.AddToScheme(scheme)
	s := protobuf.NewSerializer(scheme, scheme)
	r := rand.New(rand.NewSource(1))
	for i := 0; i < 80; i++ {
		t := request(r)
		t.SetGroupVersionKind(authenticationv1.SchemeGroupVersion.WithKind("TokenRequest"))
		var b bytes.Buffer
		if err := s.Encode(t, &b); err != nil {
			panic(err)
		}
		j, err := json.Marshal(t)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s\n%s\n%s\n\n", meaning(t), j, hex.EncodeToString(b.Bytes()))
	}
}

func status(name string, err *apierrors.StatusError) {
	s := err.ErrStatus
	s.Kind, s.APIVersion = "Status", "v1"
	j, e := json.Marshal(s)
	if e != nil {
		panic(e)
	}
	fmt.Printf("%s\n%s\n\n", name, j)
}

func statuses() {
	account := schema.GroupResource{Resource: "serviceaccounts"}
	request := schema.GroupResource{Group: "authentication.k8s.io", Resource: "TokenRequest"}
	kind := schema.GroupKind{Group: "authentication.k8s.io", Kind: "TokenRequest"}
	spec := field.NewPath("spec")
	seconds := spec.Child("expirationSeconds")
	audiences := spec.Child("audiences")
	pod := schema.GroupResource{Resource: "Pod"}
	recreated := func(uid string) error {
		return fmt.Errorf("the UID in the bound object reference (%s) does not match the UID in record. The object might have been deleted and then recreated", uid)
	}

	status("no-account", apierrors.NewNotFound(account, "nobody"))
	status("no-namespace", apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "nowhere"))
	status("no-pod", apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, "gone"))
	status("no-secret", apierrors.NewNotFound(schema.GroupResource{Resource: "secrets"}, "gone"))
	status("no-node", apierrors.NewNotFound(schema.GroupResource{Resource: "nodes"}, "gone"))
	status("odd-pod", apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, "a/\"b\"\t"))
	terminating := apierrors.NewForbidden(account, "builder", errors.New("unable to create new content in namespace ending because it is being terminated"))
	terminating.ErrStatus.Details.Causes = append(terminating.ErrStatus.Details.Causes, metav1.StatusCause{
		Type: "NamespaceTerminating", Message: "namespace ending is being terminated", Field: "metadata.namespace"})
	status("terminating", terminating)
	status("body-namespace", apierrors.NewBadRequest("the namespace of the provided object does not match the namespace sent on the request"))
	status("body-name", apierrors.NewInvalid(kind, "builder", field.ErrorList{
		field.Invalid(field.NewPath("metadata").Child("name"), "other", "must match the service account name if specified")}))
	status("body-uid", apierrors.NewConflict(request, "builder", errors.New("the UID in the token request (u-other) does not match the UID of the service account (u-builder)")))
	status("too-short", apierrors.NewInvalid(kind, "", field.ErrorList{
		field.Invalid(seconds, 60, "may not specify a duration less than 10 minutes")}))
	status("too-long", apierrors.NewInvalid(kind, "", field.ErrorList{
		field.Invalid(seconds, int64(4294967297), "may not specify a duration larger than 2^32 seconds")}))
	status("bound-uid", apierrors.NewConflict(pod, "p", recreated("u-old")))
	status("bound-secret-uid", apierrors.NewConflict(schema.GroupResource{Resource: "Secret"}, "s", recreated("u-old")))
	status("bound-node-uid", apierrors.NewConflict(schema.GroupResource{Resource: "Node"}, "n", recreated("u-old")))
	status("other-account", apierrors.NewBadRequest(fmt.Sprintf("cannot bind token for serviceaccount %q to pod running with different serviceaccount name.", "builder")))
	bad := func(apiVersion, kind string) *apierrors.StatusError {
		gvk := schema.FromAPIVersionAndKind(apiVersion, kind)
		return apierrors.NewBadRequest(fmt.Sprintf("cannot bind token to object of type %s", gvk.String()))
	}
	status("bound-kind", bad("v1", "ConfigMap"))
	status("bound-group", bad("apps/v1", "Pod"))
	status("bound-nothing", bad("", ""))
	status("unauthorized", apierrors.NewUnauthorized("Unauthorized"))
	status("forbidden", apierrors.NewForbidden(account, "builder", fmt.Errorf("User %q cannot create resource %q in API group %q in the namespace %q", "system:serviceaccount:ci:other", "serviceaccounts/token", "", "ci")))
	status("forbidden-odd", apierrors.NewForbidden(account, "builder", fmt.Errorf("User \"&lt;b&gt; &amp;\\\"\" cannot create resource %q in API group %q in the namespace %q: no &lt;", "serviceaccounts/token", "", "ci")))
	status("internal", apierrors.NewInternalError(errors.New("failed to generate token")))
	status("too-large", apierrors.NewRequestEntityTooLargeError("limit is 65536"))
	status("unsupported", &apierrors.StatusError{ErrStatus: metav1.Status{Status: "Failure", Code: 415, Reason: metav1.StatusReasonUnsupportedMediaType,
		Message: "the body of the request was in an unknown format - accepted media types include: application/json, application/vnd.kubernetes.protobuf"}})
	status("too-many", apierrors.NewTooManyRequests("too many requests, please try again later", 3))
	status("audiences-empty", apierrors.NewInvalid(kind, "", field.ErrorList{
		field.Required(audiences, "name at least one audience: this issuer has no default")}))
	status("audiences-too-many", apierrors.NewInvalid(kind, "", field.ErrorList{field.TooMany(audiences, 17, 16)}))
	status("audiences-wrong", apierrors.NewInvalid(kind, "", field.ErrorList{
		field.Invalid(audiences.Index(0), "", "is not an audience of this issuer"),
		field.Duplicate(audiences.Index(2), "aws"),
		field.Invalid(audiences.Index(3), "https://kubernetes.default.svc", "is an audience of the Kubernetes API server: tokens for it come from there only"),
		field.Invalid(audiences.Index(4), "caf\u0001\n\"", "is not an audience of this issuer"),
		field.Invalid(seconds, -1, "may not specify a duration less than 10 minutes"),
		field.Forbidden(spec.Child("attestations"), "not supported by this issuer")}))
	status("audience-not-allowed", apierrors.NewForbidden(account, "builder", errors.New("audience \"vault\" is not allowed for this caller")))
}

func answers() {
	n := int64(3600)
	t := authenticationv1.TokenRequest{
		TypeMeta: metav1.TypeMeta{Kind: "TokenRequest", APIVersion: "authentication.k8s.io/v1"},
		ObjectMeta: metav1.ObjectMeta{Name: "builder", Namespace: "ci", UID: "u-builder",
			CreationTimestamp: metav1.NewTime(time.Unix(1767225600, 0).UTC())},
		Spec:   authenticationv1.TokenRequestSpec{Audiences: []string{"aws"}, ExpirationSeconds: &n},
		Status: authenticationv1.TokenRequestStatus{Token: "T", ExpirationTimestamp: metav1.NewTime(time.Unix(1767229200, 0).UTC())},
	}
	for _, b := range []*authenticationv1.BoundObjectReference{nil, {Kind: "Pod", APIVersion: "v1", Name: "p"}} {
		t.Spec.BoundObjectRef = b
		j, _ := json.Marshal(t)
		fmt.Printf("%s\n", j)
	}
}

func main() {
	switch os.Args[1] {
	case "bodies":
		bodies()
	case "statuses":
		statuses()
	case "answers":
		answers()
	}
}
