// Package manifests checks role/deploy/kubernetes. It is a module of its own, so that tandem does not depend on Kubernetes.
package manifests

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const folder = "../../../role/deploy/kubernetes"

// kinds are what the manifests may have.
var kinds = map[string]func() any{
	"v1/Namespace":                           func() any { return new(core.Namespace) },
	"v1/Service":                             func() any { return new(core.Service) },
	"v1/ConfigMap":                           func() any { return new(core.ConfigMap) },
	"v1/Secret":                              func() any { return new(core.Secret) },
	"apps/v1/Deployment":                     func() any { return new(apps.Deployment) },
	"autoscaling/v2/HorizontalPodAutoscaler": func() any { return new(autoscaling.HorizontalPodAutoscaler) },
	"policy/v1/PodDisruptionBudget":          func() any { return new(policy.PodDisruptionBudget) },
}

// kustomized is what kubectl apply -k would send, with a key.
func kustomized(t *testing.T) []byte {
	t.Helper()
	files := filesys.MakeFsInMemory()
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err := errors.Join(err, files.WriteFile(filepath.Base(name), b)); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.WriteFile("key", []byte("a key")); err != nil {
		t.Fatal(err)
	}
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, ".")
	if err != nil {
		t.Fatal(err)
	}
	b, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// resources decodes all of it strictly: a field that Kubernetes does not know, or one that stands twice, is an error.
func resources(t *testing.T) (all []any) {
	t.Helper()
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(kustomized(t))))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal(document, &head); err != nil {
			t.Fatal(err)
		}
		of, is := kinds[head.APIVersion+"/"+head.Kind]
		if !is {
			t.Errorf("%s of %s is not known here", head.Kind, head.APIVersion)
			continue
		}
		into := of()
		if err := yaml.UnmarshalStrict(document, into); err != nil {
			t.Errorf("%s: %v\n%s", head.Kind, err, document)
		}
		all = append(all, into)
	}
}

// Manifests decode strictly, and what they name is there.
func TestManifests(t *testing.T) {
	deployments, services := map[string]*apps.Deployment{}, map[string]*core.Service{}
	for _, r := range resources(t) {
		switch r := r.(type) {
		case *apps.Deployment:
			deployments[r.Name] = r
		case *core.Service:
			services[r.Name] = r
		case *autoscaling.HorizontalPodAutoscaler:
			if r.Spec.ScaleTargetRef.Name != "slow" || r.Spec.MaxReplicas < 2 {
				t.Errorf("the autoscaler scales %+v", r.Spec)
			}
		case *policy.PodDisruptionBudget:
			if r.Spec.Selector.MatchLabels["app.kubernetes.io/component"] != "slow" {
				t.Errorf("the budget is for %v", r.Spec.Selector)
			}
		}
	}
	if got, want := slices.Sorted(maps.Keys(deployments)), []string{"end", "fast", "slow"}; !slices.Equal(got, want) {
		t.Fatalf("there are deployments %v", got)
	}
	for name, d := range deployments {
		s := services[name]
		if s == nil || s.Spec.ClusterIP != core.ClusterIPNone || !maps.Equal(s.Spec.Selector, d.Spec.Template.Labels) || !maps.Equal(s.Spec.Selector, d.Spec.Selector.MatchLabels) {
			t.Errorf("%s has no headless service, or one of other pods", name)
			continue
		}
		pod := d.Spec.Template.Spec
		volumes := map[string]bool{}
		for _, v := range pod.Volumes {
			volumes[v.Name] = true
		}
		for _, c := range pod.Containers {
			for _, m := range c.VolumeMounts {
				if !volumes[m.Name] {
					t.Errorf("%s mounts %s, which is no volume", name, m.Name)
				}
			}
			if c.LivenessProbe == nil || c.ReadinessProbe == nil || c.LivenessProbe.HTTPGet.Path != "/healthz" || c.ReadinessProbe.HTTPGet.Path != "/readyz" {
				t.Errorf("%s has no probes", name)
			}
			if s := c.SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
				t.Errorf("%s may do more than it needs", name)
			}
			if !slices.Contains(c.Args, "--role="+name) || c.Ports[0].Name != s.Spec.Ports[0].TargetPort.StrVal {
				t.Errorf("%s is started with %v on %v", name, c.Args, c.Ports)
			}
		}
	}
}
