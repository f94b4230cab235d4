package role

import (
	"context"
	"fmt"
	"time"

	"tandem/role/device"
	"tandem/transport"
	"tandem/transport/link"
)

const (
	window   = 4               // pushes under way at once on an edge
	callTime = 2 * time.Second // for the answer to a push
	dialTime = time.Second
)

// Run plays a role until the context ends (the nodes) or the run does (client and local). The context ends the intake:
// what is on the way is still worked off.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	if cfg.Calibrate {
		return runCalibrate(cfg)
	}
	if cfg.Role == Local {
		return runLocal(ctx, cfg)
	}
	creds, err := watchCredentials(&cfg)
	defer creds.stop()
	if err != nil {
		return err
	}
	switch cfg.Role {
	case Client:
		return runClient(ctx, cfg)
	case Fast, Slow, End:
		return runNode(ctx, cfg)
	default:
		return fmt.Errorf("role %q is unknown: choose %s, %s, %s or %s", cfg.Role, Client, Fast, Slow, End)
	}
}

func newClient(cfg Config, address string) *transport.Client {
	return transport.NewClient(address, transport.Limits{
		Dial: dialTime, Call: callTime, Window: window, MaxBody: cfg.MaxBody, Traffic: cfg.traffic(), Uplink: cfg.uplink,
	}, cfg.credentials)
}

// equip opens what the role runs on and sends over. It may have a device already: one that it shares, or a test's.
func (c *Config) equip() {
	if c.device == nil {
		c.device = openDevice(*c, false)
	}
	c.uplink = newUplink(*c)
}

// openDevice looks at the machine that a role runs on. shared: it plays other roles too.
func openDevice(cfg Config, shared bool) *device.Device {
	return device.Open(device.Owner{
		Role: string(cfg.Role), Threads: cfg.Threads, Power: cfg.Power, Emulate: cfg.Emulate.Name,
	}, shared)
}

// traffic counts what goes over the connections of this role; nil: it has not been started.
func (c Config) traffic() *link.Traffic {
	if c.device == nil {
		return nil
	}
	return &c.device.Traffic
}
