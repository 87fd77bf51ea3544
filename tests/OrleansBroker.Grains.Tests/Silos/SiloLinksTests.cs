using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrleansBroker.Grains.Tests.Silos;

public sealed class SiloLinksTests
{
    [Fact]
    public void Documents_in_files_are_not_touched_before_the_broker_has_its_data_directory()
    {
        var directory = Directory.CreateTempSubdirectory("orleansbroker-links-").FullName;
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(silo => silo.UseLocalhostClustering().AddOrleansBroker(options => (options.BrokerId, options.DataDirectory, options.Storage) = (0, directory, null)));
        using (var host = builder.Build())
        {
            var links = host.Services.GetRequiredService<SiloLinks>();
            Assert.Empty(Directory.EnumerateFileSystemEntries(directory));

            Assert.NotNull(links.Documents);
            Assert.NotEmpty(Directory.EnumerateFileSystemEntries(directory));
        }

        Directory.Delete(directory, recursive: true);
    }
}
