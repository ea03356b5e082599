// Each test starts a cluster of processes: one at a time, or they starve each other of cores.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

[assembly: AssemblyFixture(typeof(DistMtl.EndToEnd.Tests.ReferenceRuns))]
