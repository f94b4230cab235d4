package manifests

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// served are the resources of the kinds that manifests may have.
var served = map[schema.GroupVersion][]meta.APIResource{
	{Version: "v1"}: {
		{Name: "namespaces", Kind: "Namespace"}, {Name: "services", Kind: "Service", Namespaced: true},
		{Name: "configmaps", Kind: "ConfigMap", Namespaced: true}, {Name: "secrets", Kind: "Secret", Namespaced: true},
	},
	{Group: "apps", Version: "v1"}:        {{Name: "deployments", Kind: "Deployment", Namespaced: true}},
	{Group: "policy", Version: "v1"}:      {{Name: "poddisruptionbudgets", Kind: "PodDisruptionBudget", Namespaced: true}},
	{Group: "autoscaling", Version: "v2"}: {{Name: "horizontalpodautoscalers", Kind: "HorizontalPodAutoscaler", Namespaced: true}},
}

// cluster answers what kubectl asks before it would change anything: which resources there are. None of the objects is there yet.
func cluster(t *testing.T) *httptest.Server {
	groups, lists := meta.APIGroupList{}, map[string]any{"/api": meta.APIVersions{Versions: []string{"v1"}}}
	for gv, resources := range served {
		path := "/apis/" + gv.String()
		if gv.Group == "" {
			path = "/api/" + gv.Version
		} else {
			v := meta.GroupVersionForDiscovery{GroupVersion: gv.String(), Version: gv.Version}
			groups.Groups = append(groups.Groups, meta.APIGroup{Name: gv.Group, Versions: []meta.GroupVersionForDiscovery{v}, PreferredVersion: v})
		}
		for i := range resources {
			resources[i].Verbs = meta.Verbs{"get", "create", "patch"}
		}
		lists[path] = meta.APIResourceList{GroupVersion: gv.String(), APIResources: resources}
	}
	lists["/apis"] = groups
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, is := lists[r.URL.Path]
		if r.Method != http.MethodGet {
			t.Errorf("a dry run asks for %s %s", r.Method, r.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		if !is {
			w.WriteHeader(http.StatusNotFound)
			answer = meta.Status{TypeMeta: meta.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: meta.StatusFailure, Reason: meta.StatusReasonNotFound, Code: http.StatusNotFound}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(s.Close)
	return s
}

// kubectl takes all that kustomize makes of the manifests.
func TestKubectlTakesTheManifests(t *testing.T) {
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skipf("%v: apt-get install kubernetes-client", err)
	}
	file := filepath.Join(t.TempDir(), "all.yaml")
	if err := os.WriteFile(file, kustomized(t), 0o600); err != nil {
		t.Fatal(err)
	}
	// Its fields are looked at by TestManifests: a cluster's own description of them is in none of its clients.
	cmd := exec.Command(kubectl, "apply", "--dry-run=client", "--validate=false", "--server", cluster(t).URL, "-f", file)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "KUBECONFIG=/dev/null")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var made []string
	for line := range strings.Lines(string(out)) {
		if object, is := strings.CutSuffix(line, " created (dry run)\n"); is {
			object, _, _ = strings.Cut(object, "-") // before the sum of what is in it
			made = append(made, object)
		}
	}
	slices.Sort(made)
	want := []string{
		"configmap/settings", "deployment.apps/end", "deployment.apps/fast", "deployment.apps/slow", "horizontalpodautoscaler.autoscaling/slow",
		"namespace/tandem", "poddisruptionbudget.policy/slow", "secret/key", "service/end", "service/fast", "service/slow",
	}
	if !slices.Equal(made, want) {
		t.Errorf("it would make %q: %s", made, out)
	}
}
