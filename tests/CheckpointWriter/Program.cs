using DistMtl.CheckpointWriter;
using DistMtl.Coordinator.Runs;

// checkpoint-writer RUN KEPT: writes the second of two checkpoints into a run that has the first, and removes what is not kept.
// A process of its own, so that tests can kill it at any call to the operating system, or have any call fail.
var (run, kept) = (RunDirectory.Open(args[0]), int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture));

// Once in another place: what follows the mark is what a checkpoint takes, and no library is loaded in between.
var warm = RunDirectory.Create("warm", Path.Combine(run.Root, "warm"), TimeProvider.System);
Write(new CheckpointStore(warm), SomeCheckpoints.First());
Write(new CheckpointStore(warm), SomeCheckpoints.Second());

var (store, second) = (new CheckpointStore(run), SomeCheckpoints.Second());
Directory.CreateDirectory(Path.Combine(run.Root, SomeCheckpoints.Mark));
Write(store, second);

void Write(CheckpointStore store, CheckpointContent content)
{
    try
    {
        store.Write(content);
    }
    catch (StorageException e)
    {
        Console.WriteLine(e.Message);
        // As a run does, when the next one is due.
        store.Write(content);
    }
    try
    {
        store.Prune(kept, bestStep: null);
    }
    catch (Exception e) when (StorageException.IsReason(e))
    {
        Console.WriteLine(e.Message);
    }
}
