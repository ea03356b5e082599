using DistMtl.CheckpointWriter;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Tests.Runs;

/// <summary>Whatever happens to the files of a checkpoint: it is what was written, or it is told to be damaged.</summary>
public sealed class DamagedCheckpointTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly CheckpointStore _sound;
    private readonly Dictionary<int, string> _texts = new[] { SomeCheckpoints.FirstStep, SomeCheckpoints.SecondStep }.ToDictionary(step => step, SomeCheckpoints.TextOf);

    public DamagedCheckpointTests()
    {
        _sound = StoreIn("sound");
        _sound.Write(SomeCheckpoints.First());
        _sound.Write(SomeCheckpoints.Second());
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_damaged_checkpoint_is_refused_or_read_to_the_bit_and_the_one_before_is_used()
    {
        var count = LongTests.Count(400, 10_000);
        var (refused, sound, none) = (0, 0, 0);
        for (var seed = 0; seed < count; seed++)
        {
            var random = new Random(seed);
            var store = Copy($"{seed}");
            var (first, second) = (store.PathOf(SomeCheckpoints.FirstStep), store.PathOf(SomeCheckpoints.SecondStep));
            for (var blows = 1 + random.Next(3) / 2; blows > 0; blows--)
                Damage.Strike(second, [first], random);
            var isFirstStruck = random.Next(8) == 0;
            if (isFirstStruck)
                Damage.Strike(first, [second], random);

            var isSecondSound = IsSound(second, SomeCheckpoints.SecondStep, seed);
            var isFirstSound = IsSound(first, SomeCheckpoints.FirstStep, seed);
            List<string> warnings = [];
            var latest = store.FindLatest(warnings.Add);

            Assert.True(isFirstStruck || isFirstSound, $"seed {seed}");
            Assert.Equal(isSecondSound ? second : isFirstSound ? first : null, latest);
            Assert.Equal((isSecondSound ? 0 : 1) + (isSecondSound || isFirstSound ? 0 : 1), warnings.Count);
            (refused, sound, none) = (refused + (isSecondSound ? 0 : 1), sound + (isSecondSound ? 1 : 0), none + (latest is null ? 1 : 0));
            Directory.Delete(_scratch.PathOf($"{seed}"), recursive: true);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{count} damaged: {refused} refused, {sound} as they were (a file put in its own place), {none} times no other was left");
        Assert.InRange(refused, count / 2, count);
    }

    [Fact]
    public void A_checkpoint_under_the_name_of_another_step_is_refused()
    {
        var store = Copy("swapped");
        var (first, second, aside) = (store.PathOf(SomeCheckpoints.FirstStep), store.PathOf(SomeCheckpoints.SecondStep), _scratch.PathOf("aside"));
        Directory.Move(first, aside);
        Directory.Move(second, first);
        Directory.Move(aside, second);

        Assert.Null(store.FindLatest(_ => { }));
        Assert.Contains($"checkpoint of step {SomeCheckpoints.FirstStep}", Assert.Throws<JobException>(() => Checkpoint.Read(second)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_damages_a_file_which_both_have_leaves_neither()
    {
        var shared = Path.Combine(_sound.PathOf(SomeCheckpoints.FirstStep), $"tables-{SomeCheckpoints.FirstStep}.safetensors");
        var bytes = File.ReadAllBytes(shared);
        using (var file = new FileStream(shared, FileMode.Open, FileAccess.Write))
            file.Write(Damage.Of(bytes, new Random(1)));

        List<string> warnings = [];
        Assert.Null(_sound.FindLatest(warnings.Add));
        Assert.All(warnings, warning => Assert.Contains(Path.GetFileName(shared), warning, StringComparison.Ordinal));
        Assert.Equal(2, warnings.Count);
    }

    private bool IsSound(string directory, int step, int seed)
    {
        try
        {
            Assert.True(_texts[step] == SomeCheckpoints.TextOf(Checkpoint.Read(directory)), $"seed {seed}: step {step} is read, but not as it was written");
            return true;
        }
        catch (JobException e)
        {
            Assert.Equal(ExitCode.BadInput, e.ExitCode);
            Assert.Contains(directory, e.Message, StringComparison.Ordinal);
            return false;
        }
    }

    private CheckpointStore StoreIn(string name) => new(RunDirectory.Create("census", _scratch.PathOf(name), TimeProvider.System));

    private CheckpointStore Copy(string name)
    {
        var store = StoreIn(name);
        foreach (var step in _texts.Keys)
        {
            Directory.CreateDirectory(store.PathOf(step));
            foreach (var file in Directory.EnumerateFiles(_sound.PathOf(step)))
                File.Copy(file, Path.Combine(store.PathOf(step), Path.GetFileName(file)));
        }
        return store;
    }
}
